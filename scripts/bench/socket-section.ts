import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { ratioSpread, spreadOf } from './statistics.ts';

/** One verb with so many requests at a time, in one round. */
export interface LoadFigures {
  readonly verb: 'ADD' | 'DEL';
  readonly inFlight: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface SocketRound {
  readonly agent: readonly LoadFigures[];
  /** The same requests to the same HTTP server with a constant answer. */
  readonly constant: readonly LoadFigures[];
  /** Durable single-row transactions of SQLite. */
  readonly commitsPerSecond: number;
}

export interface SocketData {
  readonly rounds: readonly SocketRound[];
}

const addsPerSecondMin = 2_000;
const p99MsMax = 100;
const inFlightJudged = 100;

/** Puts the figures into tables and judges them. Pure. */
export function socketSection(data: SocketData): Section {
  const commits = spreadOf(data.rounds.map((round) => round.commitsPerSecond));
  const reference: Table = {
    title: 'The disk',
    columns: ['reference', 'a second'],
    rows: [['SQLite, one row a durable transaction', formatSpread(commits)]],
  };
  return {
    id: 'c',
    title: 'Durable ADDs through the socket',
    tables: [loadTable(data), reference],
    targets: targetsOf(data),
    data,
  };
}

function loadTable({ rounds }: SocketData): Table {
  const rows = (rounds[0]?.agent ?? []).map(({ verb, inFlight }) => {
    const agent = figuresOf(rounds, 'agent', verb, inFlight);
    const constant = figuresOf(rounds, 'constant', verb, inFlight);
    const perSecond = agent.map((figures) => figures.perSecond);
    const bare = constant.map((figures) => figures.perSecond);
    return [
      `${verb}, ${inFlight} in flight`,
      formatSpread(spreadOf(perSecond)),
      formatSpread(spreadOf(agent.map((figures) => figures.p50Ms))),
      formatSpread(spreadOf(agent.map((figures) => figures.p99Ms))),
      formatSpread(spreadOf(bare)),
      formatSpread(ratioSpread(perSecond, bare)),
    ];
  });
  return {
    title: `Requests over kept connections, ${rounds.length} rounds`,
    columns: ['', 'a second', 'p50, ms', 'p99, ms', 'constant answer, a second', 'share of that'],
    rows,
  };
}

function figuresOf(
  rounds: readonly SocketRound[],
  server: 'agent' | 'constant',
  verb: LoadFigures['verb'],
  inFlight: number,
): readonly LoadFigures[] {
  return rounds.flatMap((round) =>
    round[server].filter((figures) => figures.verb === verb && figures.inFlight === inFlight),
  );
}

function targetsOf({ rounds }: SocketData): readonly Target[] {
  const figures = figuresOf(rounds, 'agent', 'ADD', inFlightJudged);
  const perSecond = spreadOf(figures.map((one) => one.perSecond));
  const p99Ms = spreadOf(figures.map((one) => one.p99Ms));
  return [
    {
      what: `durable ADDs a second, ${inFlightJudged} in flight`,
      wanted: `≥ ${formatNumber(addsPerSecondMin)}`,
      measured: formatSpread(perSecond),
      met: perSecond.median >= addsPerSecondMin,
    },
    {
      what: `p99 of an ADD, ${inFlightJudged} in flight`,
      wanted: `< ${p99MsMax} ms`,
      measured: `${formatSpread(p99Ms)} ms`,
      met: p99Ms.median < p99MsMax,
    },
  ];
}
