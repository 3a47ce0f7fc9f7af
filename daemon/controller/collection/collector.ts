import { Owners } from '../../../src/cluster/kubernetes/owners.ts';
import type { StaticWorkloads } from '../../../src/cluster/kubernetes/static-owner.ts';
import type { CollectionRules } from '../../../src/collection/holder-finding.ts';
import type { PodCounts } from '../../../src/collection/reading-plan.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { type BlockLedger, openNodelessLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { ControllerMetrics } from '../../../src/metrics/controller-metrics.ts';
import type { CollectionOptions } from '../controller-options.ts';
import type { LeaderPart } from '../leader/leader-part.ts';
import type { LeaderView } from '../leader/leader-view.ts';
import { ClusterReadings } from './cluster-readings.ts';
import { type CollectionResult, CollectionTally } from './collection-tally.ts';
import { type CollectionTimes, collectionTimesDefault } from './collection-times.ts';
import { CollectionTriggers } from './collection-triggers.ts';
import { HolderCollection } from './holder-collection.ts';
import { lookAtRecords, type ViewAge } from './look-at-records.ts';
import { LookSchedule } from './look-schedule.ts';
import { OwnerCollection } from './owner-collection.ts';
import { RecordReleaser } from './record-releaser.ts';

/** A look takes no more than this part of the time: records are many, and events may never end. */
const lookShare = 1 / 20;

export interface CollectorOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  readonly view: LeaderView;
  readonly collection: CollectionOptions;
  readonly workloads: StaticWorkloads;
  /** For tests. */
  readonly times?: Partial<CollectionTimes>;
}

/**
 * The garbage collection of the whole cluster: frees the addresses of pods, nodes and static owners that are gone and that no agent has
 * freed. A look goes over the mirrored records and only suspects; what has looked gone for long enough is read by a quorum reading,
 * and released on condition that its record is as it was read.
 */
export class Collector implements LeaderPart {
  readonly #options: CollectorOptions;
  readonly #times: CollectionTimes;
  readonly #rules: CollectionRules;
  readonly #ledger: BlockLedger;
  readonly #holders: HolderCollection;
  readonly #owners: OwnerCollection;
  readonly #schedule = new LookSchedule();
  /** Ends with the last pass that was asked for. */
  #turn: Promise<unknown> = Promise.resolve();
  #hasFailed = false;

  /** To be made before the view runs, so that no change is missed. */
  constructor(options: CollectorOptions) {
    this.#options = options;
    const { api, log, metrics, view, collection, workloads } = options;
    const times = { ...collectionTimesDefault, ...options.times };
    this.#times = times;
    const { onReadyNodes, onNotReadyNodes, runningWithoutAddress, additionalGraceMs } = collection;
    const switches = { onReadyNodes, onNotReadyNodes, runningWithoutAddress, additionalGraceMs };
    const { goneMs, withoutAddressMs, againMs } = times;
    const { enableStatefulSet, enableKubevirtStaticIP } = workloads;
    const statics = { enableStatefulSet, enableKubevirtStaticIP };
    this.#rules = { ...statics, ...switches, goneMs, withoutAddressMs };
    this.#ledger = openNodelessLedger({ api, log });
    const releaser = new RecordReleaser({ ledger: this.#ledger, log, metrics });
    this.#holders = new HolderCollection(this.#rules, releaser);
    this.#owners = new OwnerCollection({
      owners: new Owners(api, workloads),
      releaser,
      times: { againMs, invalidMs: goneMs + additionalGraceMs },
      log,
    });
    if (collection.isEnabled) new CollectionTriggers(this.#schedule, times).listen(view);
  }

  /** Collects again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, collection } = this.#options;
    if (!collection.isEnabled) {
      log.warn(
        'the garbage collection is switched off (SPIDERPOOL_GC_IP_ENABLED): leaked addresses stay allocated',
      );
    }
    try {
      if (collection.isEnabled) await this.#collectUntil(signal);
    } finally {
      await this.#ledger[Symbol.asyncDispose]();
    }
  }

  /**
   * Collects at once, without another wait: what has looked gone for long enough by now is read and freed, what was not seen before is
   * noted.
   */
  async collectNow(signal: AbortSignal): Promise<CollectionResult> {
    const { view, collection } = this.#options;
    if (!collection.isEnabled) {
      const error =
        'the garbage collection is switched off: set SPIDERPOOL_GC_IP_ENABLED of the controllers to true';
      return new CollectionTally().result(error);
    }
    try {
      await view.synced(signal);
      return await this.#inTurn(() => this.#pass(signal));
    } catch (error) {
      return new CollectionTally().result(error instanceof Error ? error.message : String(error));
    }
  }

  async #collectUntil(signal: AbortSignal): Promise<void> {
    const { log, metrics, view } = this.#options;
    await view.synced(signal).catch(() => undefined);
    while (!signal.aborted) {
      await this.#schedule.due(signal);
      if (signal.aborted) return;
      try {
        await this.#inTurn(() => this.#pass(signal));
      } catch (error) {
        metrics.collectionFailed();
        log.warn({ err: error }, 'garbage collection failed');
        this.#schedule.by(performance.now() + this.#times.againMs);
      }
    }
  }

  /** One pass at a time, in the order in which they were asked for. */
  #inTurn<T>(pass: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(pass);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #pass(signal: AbortSignal): Promise<CollectionResult> {
    const { api, log, metrics, view } = this.#options;
    const startedMs = performance.now();
    const look = await lookAtRecords(view, this.#rules, this.#age(startedMs));
    this.#schedule.notBefore(performance.now() + (performance.now() - startedMs) / lookShare);
    metrics.unreadableSlots(look.unreadable);
    const tally = new CollectionTally();
    tally.examined = look.examined;
    const readings = new ClusterReadings({ api, log, counts: countPods(view), signal });
    const pass = { signal, readings, tally };
    const unfreed = await this.#holders.collect(look.sightings, pass);
    const failures = unfreed + (await this.#owners.collect(look.unheld, pass)) + readings.failures;
    tally.suspected = this.#holders.suspected + this.#owners.suspected;
    if (!signal.aborted) this.#tellFailures(failures);
    metrics.collectionPassed();
    this.#scheduleNext();
    return tally.result(failures === 0 ? undefined : `${failures} objects could not be read or written now`);
  }

  #age(nowMs: number): ViewAge {
    const { pods, nodes } = this.#options.view;
    const isCurrent = ({ lastHeardMs }: { readonly lastHeardMs: number }): boolean =>
      nowMs - lastHeardMs <= this.#times.silenceMaxMs;
    return { arePodsCurrent: isCurrent(pods), areNodesCurrent: isCurrent(nodes) };
  }

  #scheduleNext(): void {
    const nowMs = performance.now();
    const { againMs } = this.#times;
    this.#schedule.by(nowMs + this.#options.collection.intervalMs);
    this.#schedule.by(this.#holders.nextDueMs(nowMs, againMs));
    this.#schedule.by(this.#owners.nextDueMs(nowMs));
  }

  /** An outage is many passes that fail, and one to tell of. */
  #tellFailures(failures: number): void {
    const { log, metrics } = this.#options;
    if (failures > 0) metrics.collectionFailed();
    if (failures > 0 && !this.#hasFailed) {
      log.warn(
        { failures },
        'the garbage collection can not read or write all it has to: nothing of that is freed',
      );
    }
    this.#hasFailed = failures > 0;
  }
}

/** How many pods there are; those of namespaces are counted when they are first asked for. */
function countPods({ pods }: LeaderView): PodCounts {
  let byNamespace: Map<string, number> | undefined;
  return {
    total: pods.items.size,
    in: (namespace) => {
      if (byNamespace === undefined) {
        byNamespace = new Map();
        for (const pod of pods.items.values()) {
          byNamespace.set(pod.namespace, (byNamespace.get(pod.namespace) ?? 0) + 1);
        }
      }
      return byNamespace.get(namespace) ?? 0;
    },
  };
}
