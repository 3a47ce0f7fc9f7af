import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { median, quantile, ratioSpread, type Spread, spreadOf } from './statistics.ts';

/** Every call that was measured, by peer and round. */
export interface PluginData {
  readonly callsPerRound: number;
  readonly roundsMs: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly bundleBytes: number;
}

const addRatioMax = 3.5;
const versionRatioMax = 1.2;
const bundleBytesMax = 30_000;

/** What each figure is compared with. */
const comparisons: Readonly<Record<string, string>> = {
  'spiderpool VERSION': 'empty Bun executable',
  'spiderpool ADD': 'host-local ADD',
  'spiderpool DEL': 'host-local DEL',
};

/** Puts the calls into a table and judges them. Pure. */
export function pluginSection(data: PluginData): Section {
  const addRatio = ratioOf(data, 'spiderpool ADD', 'host-local ADD');
  const versionRatio = ratioOf(data, 'spiderpool VERSION', 'empty Bun executable');
  const targets: readonly Target[] = [
    {
      what: 'whole plugin process, ADD, p50',
      wanted: `≤ ${addRatioMax} × host-local ADD`,
      measured: `${formatSpread(addRatio)} ×`,
      met: addRatio.median <= addRatioMax,
    },
    {
      what: 'VERSION, p50',
      wanted: `≤ ${versionRatioMax} × empty Bun executable`,
      measured: `${formatSpread(versionRatio)} ×`,
      met: versionRatio.median <= versionRatioMax,
    },
    {
      what: "bundle of the plugin's own code",
      wanted: `< ${formatNumber(bundleBytesMax)} bytes`,
      measured: formatNumber(data.bundleBytes),
      met: data.bundleBytes < bundleBytesMax,
    },
  ];
  return { id: 'a', title: 'The whole plugin process', tables: [callsTable(data)], targets, data };
}

function callsTable(data: PluginData): Table {
  const rows = Object.entries(data.roundsMs).map(([name, rounds]) => {
    const peer = comparisons[name];
    return [
      name,
      formatSpread(spreadOf(rounds.map((calls) => median(calls)))),
      formatNumber(quantile(rounds.flat(), 0.99)),
      peer === undefined ? '' : `${formatSpread(ratioOf(data, name, peer))} × ${peer}`,
    ];
  });
  const rounds = Object.values(data.roundsMs)[0]?.length ?? 0;
  return {
    title: `Start to end of the process, ${rounds} rounds of ${data.callsPerRound} calls each, in turn`,
    columns: ['process', 'p50, ms', 'p99, ms', 'p50 compared'],
    rows,
  };
}

function ratioOf({ roundsMs }: PluginData, name: string, peer: string): Spread {
  const p50s = (of: string): readonly number[] => (roundsMs[of] ?? []).map((calls) => median(calls));
  return ratioSpread(p50s(name), p50s(peer));
}
