import type { Cluster } from '../../src/cluster/cluster.ts';
import { formatAddress } from '../../src/ip/address.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import type { Logger } from '../../src/log/logger.ts';
import { podText } from '../../src/wire/to-shapes.ts';
import { Limiter } from '../process/limiter.ts';
import { holderKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { namespaceState } from './netns.ts';
import type { PodLiveness } from './pod-liveness.ts';
import { suspicionKey } from './suspicion-key.ts';

/** Two readings at least this far apart must find the namespace without its pod: its end is mostly a matter of seconds. */
const confirmAfterMs = 10_000;

/** Marks under way at once; each is a reading of the pod and a write. */
const marksMax = 32;

/** Notes in a record that the network namespace of a holder outlives its pod. @returns undefined when it does not stand as it was read */
export type MarkOutliving = (
  record: AllocationRecord,
  holder: Holder,
) => Promise<AllocationRecord | undefined>;

export interface OutlivingSweepOptions {
  readonly cluster: Cluster;
  readonly liveness: PodLiveness;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  readonly bootId: string | undefined;
  readonly mark: MarkOutliving;
  readonly log: Logger;
}

/** A pod that may be over, and the time from which on that it is. */
interface Wait {
  readonly sinceMs: number;
  readonly dueMs: number;
}

/**
 * Marks the records of pods that are gone, or that have not ended within their grace, while their network namespace still exists: the
 * address answers on the wire, and only this node can see it.
 */
export class OutlivingSweep {
  readonly #options: OutlivingSweepOptions;
  readonly #limiter = new Limiter(marksMax);
  /** On the monotonic clock, since the first reading of each. */
  #waits = new Map<string, Wait>();

  constructor(options: OutlivingSweepOptions) {
    this.#options = options;
  }

  /** Time until each mark can be made, milliseconds; negative where it could not be made in its time. */
  dueInMs(nowMs: number): readonly number[] {
    return [...this.#waits.values()].map(({ dueMs }) => dueMs - nowMs);
  }

  /** Looks at the holders of this node and marks those whose time has come. What can't be marked now is tried again. */
  async examine(held: readonly (readonly [AllocationRecord, Holder])[]): Promise<void> {
    const waits = new Map<string, Wait>();
    const due = held.filter(([record, holder]) => this.#isDue(record, holder, waits));
    // What is not so any more is forgotten.
    this.#waits = waits;
    await Promise.all(due.map(([record, holder]) => this.#limiter.run(() => this.#tryMark(record, holder))));
  }

  #isDue(record: AllocationRecord, holder: Holder, waits: Map<string, Wait>): boolean {
    if (holder.outlivesPod || !this.#isStrayNow(holder)) return false;
    const nowMs = performance.now();
    const { cluster } = this.#options;
    const state = cluster.podState(holder);
    const graceMs = state === 'ending' ? cluster.endingGraceMs(holder) : 0;
    const key = `${state} ${suspicionKey(record, holder)}`;
    const sinceMs = this.#waits.get(key)?.sinceMs ?? nowMs;
    const wait = { sinceMs, dueMs: sinceMs + Math.max(confirmAfterMs, graceMs) };
    waits.set(key, wait);
    return nowMs >= wait.dueMs;
  }

  /** Whether the pod is over as last heard of, or about to be, while its namespace is seen. */
  #isStrayNow(holder: Holder): boolean {
    const { bootId, cluster } = this.#options;
    const state = cluster.podState(holder);
    if (state !== 'gone' && state !== 'ending') return false;
    return holder.netns !== undefined && namespaceState(holder.netns, bootId) === 'present';
  }

  async #tryMark(record: AllocationRecord, holder: Holder): Promise<void> {
    const { log, mutex } = this.#options;
    const address = formatAddress(record.address);
    const about = { address, nic: record.nic, pod: podText(holder.pod), sandbox: holder.sandbox };
    try {
      const isMarked = await mutex.run(holderKey(record, holder), undefined, async () =>
        this.#mark(record, holder),
      );
      if (!isMarked) return;
      const netns = holder.netns?.path;
      log.warn({ ...about, netns }, 'network namespace outlives its pod, whose address stays recorded');
    } catch (error) {
      log.warn({ err: error, ...about }, 'that a network namespace outlives its pod could not be recorded');
    }
  }

  /** Looked at again in its turn, by a reading of the pod: an ADD or a DEL of the same container may have been before. */
  async #mark(record: AllocationRecord, holder: Holder): Promise<boolean> {
    const { cluster, liveness, mark } = this.#options;
    const heard = cluster.podState(holder);
    if (!this.#isStrayNow(holder) || (await liveness.surely(holder)) !== heard) return false;
    return (await mark(record, holder)) !== undefined;
  }
}
