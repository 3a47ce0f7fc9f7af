import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { spreadOf } from './statistics.ts';

/** So many agents, each asked for so many pods at once. */
export interface BurstShape {
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly pool: 'exactly as many addresses' | '65,534 addresses, all but these taken';
}

/** One burst: all pods added at once, then all deleted. */
export interface BurstFigures {
  readonly failures: number;
  readonly distinctAddresses: number;
  /** From the first ADD to the last answer. */
  readonly wallMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** API calls on the path of an address, for each pod. */
  readonly readsPerAddress: number;
  readonly writesPerAddress: number;
  /** Writes of endpoints and events, for each pod, until nothing is left to write. */
  readonly viewWritesPerAddress: number;
  readonly megabytes: number;
  /** Of the largest agent, right after the burst. */
  readonly rssMiB: number;
  readonly anonMiB: number;
  /** From the first DEL to the last answer, everything freed. */
  readonly releaseMs: number;
}

export interface BurstSamples {
  readonly shape: BurstShape;
  readonly rounds: readonly BurstFigures[];
}

export interface ClusterData {
  readonly bursts: readonly BurstSamples[];
  /** ADDs one after the other on an idle cluster, milliseconds. */
  readonly singleAddMs: { readonly p50: number; readonly p99: number };
  /** From the end of a pod without a DEL until its address was free, seconds, the slowest. */
  readonly leakSeconds: number;
}

const wallMsMax: Readonly<Record<string, number>> = { '10 × 100': 4_000, '50 × 20': 8_000 };
const callsPerAddressMax = 0.6;
const releaseMsMax = 5_000;
const singleAddMsMax = 15;
const leakSecondsMax = 60;

/** Puts the figures into tables and judges them. Pure. */
export function clusterSection(data: ClusterData): Section {
  return {
    id: 'e',
    title: 'A cluster: bursts of pods',
    tables: [burstTable(data), callsTable(data), singleTable(data)],
    targets: [...data.bursts.flatMap(burstTargets), ...singleTargets(data)],
    data,
  };
}

function shapeText({ nodes, podsPerNode }: BurstShape): string {
  return `${nodes} × ${podsPerNode}`;
}

function burstTable({ bursts }: ClusterData): Table {
  return {
    title: `Agents × pods, all at once, 20 in flight a node; rounds: ${bursts.map(({ rounds }) => rounds.length).join(', ')}`,
    columns: ['burst', 'pool', 'failed ADDs', 'wall, s', 'p50, ms', 'p99, ms', 'all released, s'],
    rows: bursts.map(({ shape, rounds }) => [
      shapeText(shape),
      shape.pool,
      String(Math.max(...rounds.map(({ failures }) => failures))),
      formatSpread(spreadOf(rounds.map(({ wallMs }) => wallMs / 1000))),
      formatSpread(spreadOf(rounds.map(({ p50Ms }) => p50Ms))),
      formatSpread(spreadOf(rounds.map(({ p99Ms }) => p99Ms))),
      formatSpread(spreadOf(rounds.map(({ releaseMs }) => releaseMs / 1000))),
    ]),
  };
}

function callsTable({ bursts }: ClusterData): Table {
  return {
    title: 'What a burst costs',
    columns: [
      'burst',
      'pool',
      'reads an address',
      'writes an address',
      'writes of views',
      'MB moved',
      'RssAnon, MiB',
      'RSS, MiB',
    ],
    rows: bursts.map(({ shape, rounds }) => [
      shapeText(shape),
      shape.pool,
      formatSpread(spreadOf(rounds.map((one) => one.readsPerAddress))),
      formatSpread(spreadOf(rounds.map((one) => one.writesPerAddress))),
      formatSpread(spreadOf(rounds.map((one) => one.viewWritesPerAddress))),
      formatSpread(spreadOf(rounds.map((one) => one.megabytes))),
      formatSpread(spreadOf(rounds.map((one) => one.anonMiB))),
      formatSpread(spreadOf(rounds.map((one) => one.rssMiB))),
    ]),
  };
}

function singleTable({ singleAddMs, leakSeconds }: ClusterData): Table {
  return {
    title: 'One at a time',
    columns: ['figure', 'p50', 'p99'],
    rows: [
      ['ADD on an idle cluster, ms', formatNumber(singleAddMs.p50), formatNumber(singleAddMs.p99)],
      ['a pod that ended without a DEL: its address is free, s', '', formatNumber(leakSeconds)],
    ],
  };
}

function burstTargets({ shape, rounds }: BurstSamples): readonly Target[] {
  const name = shapeText(shape);
  const addresses = shape.nodes * shape.podsPerNode;
  const failures = rounds.reduce((sum, one) => sum + one.failures, 0);
  const distinct = Math.min(...rounds.map((one) => one.distinctAddresses));
  const whole: Target = {
    what: `burst ${name}, pool of ${shape.pool}: failed ADDs, different addresses`,
    wanted: `0, ${formatNumber(addresses)}`,
    measured: `${failures}, ${formatNumber(distinct)}`,
    met: failures === 0 && distinct === addresses,
  };
  const max = wallMsMax[name];
  if (max === undefined) return [whole];
  const wall = spreadOf(rounds.map(({ wallMs }) => wallMs / 1000));
  const release = spreadOf(rounds.map(({ releaseMs }) => releaseMs / 1000));
  const calls = (what: 'reads' | 'writes', values: readonly number[]): Target => {
    const spread = spreadOf(values);
    return {
      what: `burst ${name}: API ${what} on the path of an address`,
      wanted: `≤ ${callsPerAddressMax}`,
      measured: formatSpread(spread),
      met: spread.median <= callsPerAddressMax,
    };
  };
  return [
    whole,
    {
      what: `burst ${name}: wall`,
      wanted: `≤ ${max / 1000} s`,
      measured: `${formatSpread(wall)} s`,
      met: wall.median <= max / 1000,
    },
    calls(
      'reads',
      rounds.map((one) => one.readsPerAddress),
    ),
    calls(
      'writes',
      rounds.map((one) => one.writesPerAddress),
    ),
    {
      what: `burst ${name}: all released`,
      wanted: `≤ ${releaseMsMax / 1000} s`,
      measured: `${formatSpread(release)} s`,
      met: release.median <= releaseMsMax / 1000,
    },
  ];
}

function singleTargets({ singleAddMs, leakSeconds }: ClusterData): readonly Target[] {
  return [
    {
      what: 'one ADD on an idle cluster, p50',
      wanted: `< ${singleAddMsMax} ms`,
      measured: `${formatNumber(singleAddMs.p50)} ms`,
      met: singleAddMs.p50 < singleAddMsMax,
    },
    {
      what: 'a leaked address is free again, slowest',
      wanted: `< ${leakSecondsMax} s`,
      measured: `${formatNumber(leakSeconds)} s`,
      met: leakSeconds < leakSecondsMax,
    },
  ];
}
