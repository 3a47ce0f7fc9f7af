import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { ratioSpread, spreadOf } from './statistics.ts';

/** A round with one of the two IPAM plugins. */
export interface PodsRound {
  /** Mean duration of a CNI ADD as containerd has measured it: main plugin, IPAM plugin and loopback. */
  readonly addMs: number;
  /** ADDs that failed; the runtime tried again. */
  readonly failures: number;
  /** From the request for the pods until all are ready. */
  readonly readyMs: number;
}

/** Pods that start at once. */
export interface PodsBurst {
  readonly pods: number;
  readonly nodes: number;
  /** In pairs: the same round with either plugin, one right after the other. */
  readonly spiderpool: readonly PodsRound[];
  readonly hostLocal: readonly PodsRound[];
}

export interface PodsData {
  readonly bursts: readonly PodsBurst[];
}

const ratioMax = 1.5;

/** Puts the figures into tables and judges them. Pure. */
export function podsSection(data: PodsData): Section {
  return {
    id: 'h',
    title: 'Pods of a real cluster',
    tables: [addTable(data)],
    targets: data.bursts.flatMap(targetsOf),
    data,
  };
}

function addTable({ bursts }: PodsData): Table {
  return {
    title: `Mean CNI ADD by containerd’s own metric, ${bursts[0]?.spiderpool.length ?? 0} rounds of each`,
    columns: [
      'pods at once',
      'spiderpool, ms',
      'host-local, ms',
      'ratio',
      'failed ADDs',
      'all ready, s',
      'with host-local, s',
    ],
    rows: bursts.map((burst) => [
      nameOf(burst),
      formatSpread(spreadOf(burst.spiderpool.map(({ addMs }) => addMs))),
      formatSpread(spreadOf(burst.hostLocal.map(({ addMs }) => addMs))),
      formatSpread(ratioOf(burst)),
      String(failuresOf(burst)),
      formatSpread(spreadOf(burst.spiderpool.map(({ readyMs }) => readyMs / 1000))),
      formatSpread(spreadOf(burst.hostLocal.map(({ readyMs }) => readyMs / 1000))),
    ]),
  };
}

function targetsOf(burst: PodsBurst): readonly Target[] {
  const ratio = ratioOf(burst);
  const failures = failuresOf(burst);
  return [
    {
      what: `mean CNI ADD of ${nameOf(burst)}`,
      wanted: `≤ ${formatNumber(ratioMax)} × host-local`,
      measured: `${formatSpread(ratio)} ×`,
      met: ratio.median <= ratioMax,
    },
    { what: `failed ADDs of ${nameOf(burst)}`, wanted: '0', measured: String(failures), met: failures === 0 },
  ];
}

function ratioOf({ spiderpool, hostLocal }: PodsBurst): ReturnType<typeof ratioSpread> {
  return ratioSpread(
    spiderpool.map(({ addMs }) => addMs),
    hostLocal.map(({ addMs }) => addMs),
  );
}

function failuresOf({ spiderpool }: PodsBurst): number {
  return spiderpool.reduce((sum, { failures }) => sum + failures, 0);
}

function nameOf({ pods, nodes }: PodsBurst): string {
  return `${pods} pods on ${nodes === 1 ? 'one node' : `${nodes} nodes`}`;
}
