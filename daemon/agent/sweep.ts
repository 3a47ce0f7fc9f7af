import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { formatAddress } from '../../src/ip/address.ts';
import { holdersOf, recordPages } from '../../src/ledger/all-records.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { SweepShape } from '../../src/wire/shapes.ts';
import { holderKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { LedgerSlot } from './ledger-slot.ts';
import { namespaceState } from './netns.ts';

/** Two readings at least this far apart must find a namespace gone: a runtime may just be about to make it again. */
const confirmAfterMs = 10_000;

/** How often the sweep looks. With the confirmation it frees a leak within 30 s. */
const periodMs = 10_000;

export interface SweepOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  readonly bootId: string | undefined;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
}

/**
 * Frees what no DEL freed: records of this node whose network namespace, visible at ADD, is gone by two readings. A
 * record whose namespace was never visible is left alone: nothing tells that it is a leak.
 */
export class Sweep {
  readonly #options: SweepOptions;
  /** When the namespace of an attachment was first found gone, on the monotonic clock. */
  #goneSinceMs = new Map<string, number>();
  #pass: Promise<SweepShape> | undefined;
  /** Ends a pass between two pages. */
  #signal: AbortSignal | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Sweeps again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger, metrics, log } = this.#options;
    this.#signal = signal;
    while (!signal.aborted) {
      await sleep(periodMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || ledger.problem !== undefined) continue;
      await this.once().catch((error: unknown) => {
        metrics.sweepFailed();
        log.warn({ err: error }, 'sweep failed');
      });
    }
  }

  /** One pass; a pass that is under way already is shared. */
  once(): Promise<SweepShape> {
    this.#pass ??= this.#examine().finally(() => {
      this.#pass = undefined;
    });
    return this.#pass;
  }

  async #examine(): Promise<SweepShape> {
    const { cluster, ledger, metrics } = this.#options;
    const goneSinceMs = new Map<string, number>();
    const freed: string[] = [];
    let examined = 0;
    for await (const page of recordPages(ledger.ledger, cluster.ownRecords)) {
      if (this.#signal?.aborted) break;
      examined += page.length;
      const due = holdersOf(page).filter(([record, holder]) => this.#isGone(record, holder, goneSinceMs));
      // At once, so that the ledger commits them together.
      freed.push(...(await Promise.all(due.map(([record, holder]) => this.#free(record, holder)))).flat());
    }
    this.#goneSinceMs = goneSinceMs;
    metrics.swept(freed.length);
    return { examined, suspected: goneSinceMs.size, freed };
  }

  /** Whether a holder's namespace is gone by two readings; a first one is noted. */
  #isGone(record: AllocationRecord, holder: Holder, goneSinceMs: Map<string, number>): boolean {
    if (!this.#isGoneNow(holder)) return false;
    const { path, device, inode, bootId } = holder.netns ?? {};
    const key = [formatAddress(record.address), holder.sandbox, path, device, inode, bootId].join('\0');
    const sinceMs = this.#goneSinceMs.get(key) ?? performance.now();
    if (performance.now() - sinceMs >= confirmAfterMs) return true;
    goneSinceMs.set(key, sinceMs);
    return false;
  }

  #isGoneNow({ netns }: Holder): boolean {
    return netns !== undefined && namespaceState(netns, this.#options.bootId) === 'gone';
  }

  async #free(record: AllocationRecord, holder: Holder): Promise<string[]> {
    const { ledger, mutex, log } = this.#options;
    const freed = await mutex.run(holderKey(record, holder), undefined, async () => {
      // Looked at again in its turn: an ADD of the same container may have been before.
      if (!this.#isGoneNow(holder)) return [];
      return ledger.ledger.release({ by: 'holder', record, holder });
    });
    const addresses = freed.map(({ address }) => formatAddress(address));
    const { pod, sandbox, netns } = holder;
    if (freed.length > 0)
      log.warn({ addresses, nic: record.nic, pod, sandbox, netns: netns?.path }, 'freed a leak');
    return addresses;
  }
}
