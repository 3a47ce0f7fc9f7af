import type { Cluster, PodState } from '../../src/cluster/cluster.ts';
import { formatAddress } from '../../src/ip/address.ts';
import { holdersOf, recordPages } from '../../src/ledger/all-records.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { SweepShape } from '../../src/wire/shapes.ts';
import { rest, untilAborted } from '../process/rest.ts';
import { type Aftermath, tellChanged } from './aftermath.ts';
import { holderKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { LedgerSlot } from './ledger-slot.ts';
import { namespaceState } from './netns.ts';
import type { OutlivingSweep } from './outliving-sweep.ts';
import { OwnerSweep } from './owner-sweep.ts';
import type { PodLiveness } from './pod-liveness.ts';
import { suspicionKey } from './suspicion-key.ts';

/** Two readings at least this far apart must find a holder gone: a runtime may just be about to make its namespace again. */
const confirmAfterMs = 10_000;

/** How often the sweep looks. With the confirmation it frees a leak within 30 s. */
const periodMs = 10_000;

/** Passes that events ask for are at least this far apart, so that many pods that end together are one pass. */
const eventPauseMs = 1_000;

export interface SweepOptions {
  /** Whether leaks are freed; else only what outlives its pod is marked. */
  readonly frees: boolean;
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly liveness: PodLiveness;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  /** Where records can be marked whose namespace outlives their pod. */
  readonly outliving?: OutlivingSweep;
  readonly bootId: string | undefined;
  readonly aftermath: Aftermath;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
}

/**
 * Frees what no DEL freed: records of this node whose pod is gone and whose network namespace, if it was visible at ADD, is gone too,
 * by two readings. Where nothing tells of pods the namespace decides, and a record whose namespace was never visible is left
 * alone: nothing tells that it is a leak.
 */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #owners: OwnerSweep;
  /** When the holder of a record was first found gone, on the monotonic clock. */
  #goneSinceMs = new Map<string, number>();
  #pass: Promise<SweepShape> | undefined;
  #wake = Promise.withResolvers<void>();
  /** Ends a pass between two pages. */
  #signal: AbortSignal | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#owners = new OwnerSweep(options);
  }

  /** Sweeps again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger, metrics, log } = this.#options;
    this.#signal = signal;
    while (!signal.aborted) {
      await this.#untilNext(signal);
      if (signal.aborted || ledger.problem !== undefined) continue;
      const pass = this.once().catch((error: unknown) => {
        metrics.sweepFailed();
        if (!signal.aborted) log.warn({ err: error }, 'sweep failed');
      });
      // A pass may wait for an API server that is away: the agent's end does not, and closing the ledger ends the pass.
      await untilAborted(pass, signal);
    }
  }

  /** Asks for a pass before its time: a pod has ended. */
  soon(): void {
    this.#wake.resolve();
  }

  async #untilNext(signal: AbortSignal): Promise<void> {
    await rest(eventPauseMs, signal);
    await Promise.race([rest(this.#dueMs() - eventPauseMs, signal), this.#wake.promise]);
    this.#wake = Promise.withResolvers<void>();
  }

  /** Time to the next pass: to when the next suspicion can be confirmed, and at most a period. */
  #dueMs(): number {
    const nowMs = performance.now();
    let dueMs = periodMs;
    const confirmInMs = [...this.#goneSinceMs.values()].map((sinceMs) => sinceMs + confirmAfterMs - nowMs);
    for (const inMs of [...confirmInMs, ...(this.#options.outliving?.dueInMs(nowMs) ?? [])]) {
      // What could not be confirmed when it was due waits for a whole period again.
      if (inMs > 0) dueMs = Math.min(dueMs, inMs);
    }
    return Math.max(dueMs, eventPauseMs);
  }

  /** One pass; a pass that is under way already is shared. */
  once(): Promise<SweepShape> {
    this.#pass ??= this.#examine().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #examine(): Promise<SweepShape> {
    const { cluster, frees, ledger, metrics, outliving } = this.#options;
    const { node } = cluster.ownRecords;
    const held: (readonly [AllocationRecord, Holder])[] = [];
    const goneSinceMs = new Map<string, number>();
    const freed: string[] = [];
    const unheld: AllocationRecord[] = [];
    let examined = 0;
    let failure: { readonly reason: unknown } | undefined;
    for await (const page of recordPages(ledger.ledger, cluster.ownRecords)) {
      if (this.#signal?.aborted) break;
      examined += page.length;
      unheld.push(...page.filter(({ holders }) => holders.length === 0));
      // A record may have a second holder on another node: that is for its agent to free.
      const own = holdersOf(page).filter(([, holder]) => node === undefined || holder.node === node);
      held.push(...own);
      if (!frees) continue;
      const due = own.filter(([record, holder]) => this.#isGone(record, holder, goneSinceMs));
      // At once, so that the ledger commits them together.
      const outcomes = await Promise.allSettled(
        due.map(async ([record, holder]) => {
          const addresses = await this.#free(record, holder);
          if (addresses.length > 0) goneSinceMs.delete(suspicionKey(record, holder));
          return addresses;
        }),
      );
      // One that can't be freed now must not keep the others.
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') freed.push(...outcome.value);
        else failure ??= { reason: outcome.reason };
      }
    }
    this.#goneSinceMs = goneSinceMs;
    await outliving?.examine(held);
    const unowned = frees ? await this.#owners.examine(ledger.ledger, unheld) : [];
    freed.push(...this.#told(unowned, 'freed what was kept for a static workload that is gone'));
    metrics.swept(freed.length);
    if (failure !== undefined) throw failure.reason;
    return { examined, suspected: goneSinceMs.size, freed };
  }

  /** Whether a holder is gone by two readings; a first one is noted. */
  #isGone(record: AllocationRecord, holder: Holder, goneSinceMs: Map<string, number>): boolean {
    if (!this.#isGoneNow(holder)) return false;
    const key = suspicionKey(record, holder);
    const sinceMs = this.#goneSinceMs.get(key) ?? performance.now();
    goneSinceMs.set(key, sinceMs);
    return performance.now() - sinceMs >= confirmAfterMs;
  }

  #isGoneNow(holder: Holder): boolean {
    return this.#isGoneWith(holder, this.#options.cluster.podState(holder));
  }

  #isGoneWith({ netns }: Holder, pod: PodState): boolean {
    if (pod === 'living') return false;
    if (netns !== undefined && namespaceState(netns, this.#options.bootId) === 'gone') return true;
    // Nothing but the pod's state tells of a namespace that was never visible, and the containers of one that is ending still run.
    return pod === 'gone' && netns?.inode === undefined;
  }

  async #free(record: AllocationRecord, holder: Holder): Promise<string[]> {
    const { ledger, liveness, mutex } = this.#options;
    const freed = await mutex.run(holderKey(record, holder), undefined, async () => {
      // Looked at again in its turn: an ADD of the same container may have been before.
      if (!this.#isGoneNow(holder) || !this.#isGoneWith(holder, await liveness.surely(holder))) return [];
      return ledger.ledger.release({ by: 'holder', record, holder });
    });
    return this.#told(freed, 'freed a leak');
  }

  /** Logs what was freed, or lost its holder, and tells who follows. @returns the addresses */
  #told(records: readonly AllocationRecord[], message: string): string[] {
    const { aftermath, log } = this.#options;
    if (records.length === 0) return [];
    const addresses = records.map(({ address }) => formatAddress(address));
    const { nic, owner, holders } = records[0] ?? {};
    const { pod, sandbox, netns } = holders?.at(-1) ?? {};
    log.warn({ addresses, nic, pod, sandbox, netns: netns?.path, owner }, message);
    tellChanged(aftermath, records);
    return addresses;
  }
}
