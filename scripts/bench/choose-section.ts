import { formatNumber, formatSpread } from './format.ts';
import type { Section, Target } from './report.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** How a pool is filled: `scattered` has records at random places, `full but one` a contiguous run of them. */
export type Fill = 'empty' | 'scattered' | 'full but one';

/** One pool filled in one way; nanoseconds an operation, one figure a round. */
export interface ChooseScenario {
  /** Prefix length, such as `/24`. */
  readonly pool: string;
  readonly family: 4 | 6;
  readonly fill: Fill;
  readonly allocated: number;
  /** Settling, choosing, checking. */
  readonly chooseNs: readonly number[];
  /** The whole decision of an ADD with one want. */
  readonly planNs: readonly number[];
  /** An address taken and given back through its rest. */
  readonly cycleNs: readonly number[];
}

export interface ChooseData {
  readonly rounds: number;
  readonly scenarios: readonly ChooseScenario[];
}

const chooseNsMax = 5_000;
/**
 * Flat: from the smallest to the largest pool no choice takes more than this many times as long. Less would measure what
 * sets numbers and bigints apart (IPv4 and IPv6), more would let a logarithm through unseen.
 */
const flatRatioMax = 4;

/** Puts the figures into a table and judges them. Pure. */
export function chooseSection(data: ChooseData): Section {
  const { rounds, scenarios } = data;
  const rows = scenarios.map((scenario) => [
    `IPv${scenario.family} ${scenario.pool}, ${scenario.fill}`,
    formatCount(scenario.allocated),
    formatSpread(spreadOf(scenario.chooseNs)),
    formatSpread(spreadOf(scenario.planNs)),
    formatSpread(spreadOf(scenario.cycleNs)),
  ]);
  const columns = ['pool', 'allocated', 'choose, ns', 'decide an ADD, ns', 'take + give back, ns'];
  const table = { title: `Nanoseconds an operation, ${rounds} rounds`, columns, rows };
  return { id: 'b', title: 'The choice of an address', tables: [table], targets: targetsOf(scenarios), data };
}

function targetsOf(scenarios: readonly ChooseScenario[]): readonly Target[] {
  const medians = (select: (scenario: ChooseScenario) => readonly number[]): Spread =>
    spreadOf(scenarios.map((scenario) => spreadOf(select(scenario)).median));
  const chosen = medians((scenario) => scenario.chooseNs);
  const decided = medians((scenario) => scenario.planNs);
  const ratio = chosen.max / chosen.min;
  return [
    {
      what: 'choosing an address, slowest pool and fill',
      wanted: `< ${formatNumber(chooseNsMax)} ns`,
      measured: `${formatNumber(chosen.max)} ns; deciding the whole ADD ${formatNumber(decided.max)} ns`,
      met: chosen.max < chooseNsMax && decided.max < chooseNsMax,
    },
    {
      what: 'choosing is flat from /24 to /8 to /48',
      wanted: `slowest ≤ ${flatRatioMax} × fastest`,
      measured: `${formatNumber(ratio)} × (${formatNumber(chosen.min)}–${formatNumber(chosen.max)} ns)`,
      met: ratio <= flatRatioMax,
    },
  ];
}

/** A full /48 has more addresses than anybody wants to read. */
function formatCount(count: number): string {
  return count < 1e9 ? count.toLocaleString('en-US') : count.toExponential(1);
}
