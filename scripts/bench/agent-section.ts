import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** How an agent got its records. */
export interface MemoryRow {
  /** In the ledger before the start. */
  readonly records: number;
  /** ADDs through the socket after the start. */
  readonly adds: number;
}

/** An agent at rest in one round. */
export interface MemorySamples extends MemoryRow {
  /** 10 s after its load. */
  readonly rssMiB: number;
  readonly anonMiB: number;
  /** The most in the 12 s after that, one sweep included. */
  readonly peakAnonMiB: number;
}

/** Starts on one ledger, one figure a start. */
export interface StartSamples {
  readonly records: number;
  /** From the start of the process to the first 200. */
  readonly readyMs: readonly number[];
  /** The first ADD after it. */
  readonly firstAddMs: readonly number[];
}

export interface AgentData {
  readonly starts: readonly StartSamples[];
  readonly memoryRounds: readonly (readonly MemorySamples[])[];
}

const anonMiBMax = 50;
const rssMiBMax = 105;
const recordsJudged = 10_000;
const readyMsMax = 1_000;
const startRecordsJudged = 100_000;

/** Puts the figures into tables and judges them. Pure. */
export function agentSection(data: AgentData): Section {
  return {
    id: 'd',
    title: 'The agent: memory and start',
    tables: [memoryTable(data), startTable(data)],
    targets: [...memoryTargets(data), startTarget(data)],
    data,
  };
}

function memoryTable({ memoryRounds }: AgentData): Table {
  const rows = (memoryRounds[0] ?? []).map((row) => {
    const figures = roundsOf(memoryRounds, row);
    return [
      describeRow(row),
      formatSpread(spreadOf(figures.map((one) => one.anonMiB))),
      formatSpread(spreadOf(figures.map((one) => one.rssMiB))),
      formatSpread(spreadOf(figures.map((one) => one.peakAnonMiB))),
    ];
  });
  return {
    title: `Memory 10 s after the load, MiB, ${memoryRounds.length} rounds`,
    columns: ['records', 'RssAnon', 'RSS', 'RssAnon at most in the next 12 s'],
    rows,
  };
}

function startTable({ starts }: AgentData): Table {
  return {
    title: `Start, ${starts[0]?.readyMs.length ?? 0} times`,
    columns: ['records', 'ready, ms', 'first ADD, ms'],
    rows: starts.map(({ records, readyMs, firstAddMs }) => [
      records.toLocaleString('en-US'),
      formatSpread(spreadOf(readyMs)),
      formatSpread(spreadOf(firstAddMs)),
    ]),
  };
}

function describeRow({ records, adds }: MemoryRow): string {
  const count = (records + adds).toLocaleString('en-US');
  return records === 0 && adds > 0 ? `${count}, all by ADDs through the socket` : count;
}

function roundsOf(rounds: AgentData['memoryRounds'], row: MemoryRow): readonly MemorySamples[] {
  return rounds.flatMap((round) =>
    round.filter(({ records, adds }) => records === row.records && adds === row.adds),
  );
}

/** Both ways to 10,000 records are judged: found at the start, and made by a load that leaves its garbage behind. */
function memoryTargets({ memoryRounds }: AgentData): readonly Target[] {
  const rows = (memoryRounds[0] ?? []).filter(
    ({ records, adds }) => records === recordsJudged || adds === recordsJudged,
  );
  return rows.flatMap((row) => {
    const samples = roundsOf(memoryRounds, row);
    const way = row.records === 0 ? 'after as many ADDs' : 'after the start';
    const judge = (name: string, spread: Spread, max: number): Target => ({
      what: `${name} at rest with ${formatNumber(recordsJudged)} records, ${way}`,
      wanted: `< ${max} MiB`,
      measured: `${formatSpread(spread)} MiB`,
      met: spread.median < max,
    });
    return [
      judge('RssAnon', spreadOf(samples.map((one) => one.anonMiB)), anonMiBMax),
      judge('RSS', spreadOf(samples.map((one) => one.rssMiB)), rssMiBMax),
    ];
  });
}

function startTarget({ starts }: AgentData): Target {
  const judged = starts.find(({ records }) => records === startRecordsJudged);
  const readyMs = spreadOf(judged?.readyMs ?? []);
  return {
    what: `ready with ${formatNumber(startRecordsJudged)} records`,
    wanted: `< ${formatNumber(readyMsMax)} ms`,
    measured: `${formatSpread(readyMs)} ms`,
    met: readyMs.median < readyMsMax,
  };
}
