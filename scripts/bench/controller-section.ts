import { formatNumber, formatSpread, type Table } from './format.ts';
import type { Section, Target } from './report.ts';
import { quantile, ratioSpread, spreadOf } from './statistics.ts';

/** What was measured of the controller. */
export interface ControllerData {
  readonly scale: {
    readonly pools: number;
    readonly records: number;
    readonly pods: number;
    readonly nodes: number;
    /** From the start of the process until it leads and knows everything. */
    readonly readyMs: number;
    /** 10 s after that. */
    readonly rssMiB: number;
    readonly anonMiB: number;
    /** From the request for a collection until its report, where nothing is to be freed. */
    readonly passMs: number;
    /** From the removal of the last pod until no record is left. */
    readonly cleanedMs: number;
  };
  readonly status: {
    readonly pools: number;
    readonly changesPerSecond: number;
    /** From the answer to a claim until the status counts it, one figure a claim. */
    readonly delaysMs: readonly number[];
  };
  readonly webhook: {
    readonly pools: number;
    /** One list a round. */
    readonly reviewsMs: readonly (readonly number[])[];
    readonly healthMs: readonly (readonly number[])[];
  };
  /** From the removal of a pod whose node's agent is dead until its address is suspect, the slowest of each round. */
  readonly leakMs: readonly number[];
  /** From the end of the leader until another leads. */
  readonly failoverMs: readonly number[];
}

const anonMiBMax = 120;
const passMsMax = 10_000;
const statusMsMax = 2_000;
const leakMsMax = 60_000;
const failoverMsMax = 20_000;
const webhookMsMax = 20;

/** Puts the figures into tables and judges them. Pure. */
export function controllerSection(data: ControllerData): Section {
  return {
    id: 'g',
    title: 'The controller',
    tables: [scaleTable(data), delaysTable(data), webhookTable(data)],
    targets: [...scaleTargets(data), ...delayTargets(data)],
    data,
  };
}

function scaleTable({ scale }: ControllerData): Table {
  const counts = [scale.pools, scale.records, scale.pods, scale.nodes].map((one) =>
    one.toLocaleString('en-US'),
  );
  return {
    title: 'A cluster at rest, and then without its pods',
    columns: [
      'pools',
      'records',
      'pods',
      'nodes',
      'ready, s',
      'RssAnon, MiB',
      'RSS, MiB',
      'a full pass, s',
      'everything leaked, s',
    ],
    rows: [
      [
        ...counts,
        formatNumber(scale.readyMs / 1000),
        formatNumber(scale.anonMiB),
        formatNumber(scale.rssMiB),
        formatNumber(scale.passMs / 1000),
        formatNumber(scale.cleanedMs / 1000),
      ],
    ],
  };
}

function delaysTable({ status, leakMs, failoverMs }: ControllerData): Table {
  return {
    title: 'Delays, s',
    columns: ['figure', 'p50', 'p99', 'slowest'],
    rows: [
      delayRow(
        `a claim in its pool's status, ${status.changesPerSecond} a second in ${status.pools} pools`,
        status.delaysMs,
      ),
      delayRow('a leaked address of a dead agent is suspect', leakMs),
      delayRow('another leads after the leader was killed', failoverMs),
    ],
  };
}

function delayRow(name: string, values: readonly number[]): readonly string[] {
  return [name, ...[0.5, 0.99, 1].map((share) => formatNumber(quantile(values, share) / 1000))];
}

function webhookTable({ webhook }: ControllerData): Table {
  const row = (name: string, share: number): readonly string[] => {
    const [reviews, health] = [webhook.reviewsMs, webhook.healthMs].map((rounds) =>
      rounds.map((one) => quantile(one, share)),
    );
    return [
      name,
      formatSpread(spreadOf(reviews ?? [])),
      formatSpread(spreadOf(health ?? [])),
      formatSpread(ratioSpread(reviews ?? [], health ?? [])),
    ];
  };
  return {
    title: `Webhook with ${webhook.pools.toLocaleString('en-US')} pools, ${webhook.reviewsMs.length} rounds of ${webhook.reviewsMs[0]?.length ?? 0} reviews`,
    columns: ['', 'review of a changed pool, ms', 'health answer, ms', 'ratio'],
    rows: [row('p50', 0.5), row('p99', 0.99)],
  };
}

function scaleTargets({ scale }: ControllerData): readonly Target[] {
  const name = `controller with ${scale.records.toLocaleString('en-US')} records and ${scale.pools} pools`;
  return [
    below(`${name}: RssAnon at rest`, scale.anonMiB, anonMiBMax, 'MiB'),
    below(`${name}: a full pass of the garbage collection`, scale.passMs / 1000, passMsMax / 1000, 's'),
    below(
      `${name}: all pods gone without their agents, no record left`,
      scale.cleanedMs / 1000,
      (leakMsMax + passMsMax) / 1000,
      's',
    ),
  ];
}

function delayTargets({ status, webhook, leakMs, failoverMs }: ControllerData): readonly Target[] {
  const p99Ms = spreadOf(webhook.reviewsMs.map((one) => quantile(one, 0.99))).median;
  const pace = `${status.changesPerSecond} changes a second`;
  return [
    below(`pool status at ${pace}, slowest`, slowestSeconds(status.delaysMs), statusMsMax / 1000, 's'),
    below(`webhook with ${webhook.pools.toLocaleString('en-US')} pools, p99`, p99Ms, webhookMsMax, 'ms'),
    below('a leak of a dead agent is suspect, slowest', slowestSeconds(leakMs), leakMsMax / 1000, 's'),
    below('fail-over of the leader, slowest', slowestSeconds(failoverMs), failoverMsMax / 1000, 's'),
  ];
}

function slowestSeconds(valuesMs: readonly number[]): number {
  return quantile(valuesMs, 1) / 1000;
}

function below(what: string, value: number, max: number, unit: string): Target {
  return {
    what,
    wanted: `< ${formatNumber(max)} ${unit}`,
    measured: `${formatNumber(value)} ${unit}`,
    met: value < max,
  };
}
