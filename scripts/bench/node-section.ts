import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** An agent among so many pods. */
export interface NodeSamples {
  /** Pods of other nodes. */
  readonly foreignPods: number;
  /** Running pods of its own, each with an address. */
  readonly ownPods: number;
  /** Finished pods of its own that nobody has deleted. */
  readonly deadPods: number;
  /** From the start of the process until it takes pods, one figure a start. */
  readonly readyMs: readonly number[];
  /** 10 s after the start. */
  readonly rssMiB: readonly number[];
  readonly anonMiB: readonly number[];
}

export interface NodeData {
  readonly rows: readonly NodeSamples[];
}

const readyMsMax = 2_000;
const anonMiBMax = 70;
const rssMiBMax = 130;
/** What two starts of the same agent differ by. */
const unchangedMiB = 5;

/** Puts the figures into a table and judges them. Pure. */
export function nodeSection(data: NodeData): Section {
  return {
    id: 'f',
    title: 'A cluster: memory and start of an agent',
    tables: [table(data)],
    targets: [
      ...data.rows.filter(({ foreignPods }) => foreignPods > 0).flatMap(rowTargets),
      ...deadTargets(data),
    ],
    data,
  };
}

function table({ rows }: NodeData): Table {
  return {
    title: `Start, and memory 10 s after it, ${rows[0]?.readyMs.length ?? 0} times`,
    columns: ['pods of other nodes', 'own pods', 'own dead pods', 'ready, ms', 'RssAnon, MiB', 'RSS, MiB'],
    rows: rows.map(({ foreignPods, ownPods, deadPods, readyMs, anonMiB, rssMiB }) => [
      foreignPods.toLocaleString('en-US'),
      ownPods.toLocaleString('en-US'),
      deadPods.toLocaleString('en-US'),
      formatSpread(spreadOf(readyMs)),
      formatSpread(spreadOf(anonMiB)),
      formatSpread(spreadOf(rssMiB)),
    ]),
  };
}

function describe({ foreignPods, deadPods }: NodeSamples): string {
  const dead = deadPods > 0 ? ` and ${formatNumber(deadPods)} dead ones` : '';
  return `agent among ${formatNumber(foreignPods)} foreign pods${dead}`;
}

function rowTargets(row: NodeSamples): readonly Target[] {
  const judge = (what: string, spread: Spread, max: number, unit: string): Target => ({
    what: `${describe(row)}: ${what}`,
    wanted: `< ${formatNumber(max)} ${unit}`,
    measured: `${formatSpread(spread)} ${unit}`,
    met: spread.median < max,
  });
  return [
    judge('ready', spreadOf(row.readyMs), readyMsMax, 'ms'),
    judge('RssAnon at rest', spreadOf(row.anonMiB), anonMiBMax, 'MiB'),
    judge('RSS at rest', spreadOf(row.rssMiB), rssMiBMax, 'MiB'),
  ];
}

function deadTargets({ rows }: NodeData): readonly Target[] {
  const dead = rows.find(({ deadPods }) => deadPods > 0);
  const alike = rows.find(
    (row) => row.deadPods === 0 && row.foreignPods === dead?.foreignPods && row.ownPods === dead.ownPods,
  );
  if (dead === undefined || alike === undefined) return [];
  const growth = spreadOf(dead.anonMiB).median - spreadOf(alike.anonMiB).median;
  return [
    {
      what: `RssAnon that ${formatNumber(dead.deadPods)} dead pods of its own add`,
      wanted: `< ${unchangedMiB} MiB`,
      measured: `${formatNumber(growth)} MiB`,
      met: growth < unchangedMiB,
    },
  ];
}
