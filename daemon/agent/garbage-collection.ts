import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Attachment as ValidAttachment } from '../../src/cni/network-config.ts';
import { holdersOf, recordPages } from '../../src/ledger/all-records.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import { type Aftermath, tellChanged } from './aftermath.ts';
import { attachmentKey, holderKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { type LedgerSlot, toCniError } from './ledger-slot.ts';
import type { PodLiveness } from './pod-liveness.ts';

export interface GarbageCollectionOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly liveness: PodLiveness;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  readonly aftermath: Aftermath;
}

/** Frees what a runtime no longer knows (CNI 1.1.0, section "GC"). */
export class GarbageCollection {
  readonly #options: GarbageCollectionOptions;

  constructor(options: GarbageCollectionOptions) {
    this.#options = options;
  }

  /**
   * Frees this node's records of a network whose attachments the runtime no longer knows. Never those of a pod that lives, which a
   * runtime knows by other attachments, and never those that nobody holds.
   *
   * @returns how many addresses were freed
   * @throws CniError with code 11 when the ledger can't be used
   */
  async collect(network: string, valid: readonly ValidAttachment[], signal: AbortSignal): Promise<number> {
    const { aftermath, cluster, ledger } = this.#options;
    const { node } = cluster.ownRecords;
    const keep = new Set(
      valid.map(({ containerId, ifName }) => attachmentKey({ sandbox: containerId, nic: ifName })),
    );
    let freed = 0;
    try {
      for await (const page of recordPages(ledger.ledger, { network, ...cluster.ownRecords })) {
        const stale = holdersOf(page).filter(
          ([record, holder]) =>
            (node === undefined || holder.node === node) && !keep.has(holderKey(record, holder)),
        );
        // At once, so that the ledger commits them together.
        const released = await Promise.all(
          stale.map(([record, holder]) => this.#release(record, holder, signal)),
        );
        freed += released.flat().length;
        tellChanged(aftermath, released.flat());
      }
    } catch (error) {
      ledger.noteFailure(error);
      throw toCniError(error);
    }
    return freed;
  }

  #release(
    record: AllocationRecord,
    holder: Holder,
    signal: AbortSignal,
  ): Promise<readonly AllocationRecord[]> {
    const { ledger, liveness, mutex } = this.#options;
    return mutex.run(holderKey(record, holder), signal, async () => {
      if ((await liveness.surely(holder)) === 'living') return [];
      return ledger.ledger.release({ by: 'holder', record, holder });
    });
  }
}
