import type { Owners } from '../../../src/cluster/kubernetes/owners.ts';
import { isReady, isShutDown } from '../../../src/collection/holder-finding.ts';
import { OwnerLooks, type OwnerLookTimes } from '../../../src/collection/owner-looks.ts';
import { addressKey } from '../../../src/ledger/address-key.ts';
import type { StoredRecord } from '../../../src/ledger/blocks/block.ts';
import type { StaticOwner } from '../../../src/ledger/record.ts';
import { ownerKey } from '../../../src/ledger/record-equality.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { Limiter } from '../../process/limiter.ts';
import type { CollectionPass } from './collection-pass.ts';
import type { RecordRelease, RecordReleaser } from './record-releaser.ts';

/** Owners that are looked at together: each is one or two readings, those of one StatefulSet one for all. */
const looksMax = 8;
/** A pass looks at owners for this long; those that were not reached come first in the next one. */
const looksMs = 10_000;
/** After so many failures the API server is not able now. */
const failuresMax = 8;
/** Records that are released together: see the holders' batches. */
const batchMax = 1_024;

interface Kept {
  readonly owner: StaticOwner;
  readonly records: StoredRecord[];
}

export interface OwnerCollectionOptions {
  readonly owners: Owners;
  readonly releaser: RecordReleaser;
  readonly times: OwnerLookTimes;
  readonly log: Logger;
}

/**
 * Frees what is kept for static owners that are no longer valid and that no agent has freed. Every look at an owner is a quorum reading.
 */
export class OwnerCollection {
  readonly #options: OwnerCollectionOptions;
  readonly #looks: OwnerLooks;
  readonly #limiter = new Limiter(looksMax);

  constructor(options: OwnerCollectionOptions) {
    this.#options = options;
    this.#looks = new OwnerLooks(options.times);
  }

  /** Owners that are gone, but not for long enough. */
  get suspected(): number {
    return this.#looks.suspected;
  }

  /** When there will be something to look at, by performance.now(). */
  nextDueMs(nowMs: number): number {
    return this.#looks.nextDueMs(nowMs);
  }

  /**
   * Looks at the owners whose turn it is. Never rejects.
   *
   * @param unheld all records that nobody holds
   * @returns how many owners could not be looked at, and records not be freed
   */
  async collect(unheld: readonly StoredRecord[], pass: CollectionPass): Promise<number> {
    const byOwner = new Map<string, Kept>();
    for (const stored of unheld) {
      const { owner } = stored.record;
      if (owner === undefined) continue;
      const kept = byOwner.get(ownerKey(owner)) ?? { owner, records: [] };
      kept.records.push(stored);
      byOwner.set(ownerKey(owner), kept);
    }
    const due = this.#looks.due(new Set(byOwner.keys()), performance.now());
    const gone: StoredRecord[] = [];
    const untilMs = performance.now() + looksMs;
    let failed = 0;
    await Promise.all(
      due.map((key) =>
        this.#limiter.run(async () => {
          const kept = byOwner.get(key);
          if (kept === undefined || pass.signal.aborted) return;
          if (failed >= failuresMax || performance.now() > untilMs) return;
          const isValid = await this.#isValid(kept.owner, pass.signal);
          if (isValid === undefined) failed += 1;
          else if (this.#looks.looked(key, isValid, performance.now())) gone.push(...kept.records);
        }),
      ),
    );
    return failed + (await this.#release(gone, pass));
  }

  /** @returns undefined when it can't be read now: the owner then keeps its addresses */
  async #isValid(owner: StaticOwner, signal: AbortSignal): Promise<boolean | undefined> {
    try {
      return await this.#options.owners.isValid(owner, { signal });
    } catch (error) {
      if (!signal.aborted)
        this.#options.log.debug({ err: error, owner }, 'static owner could not be looked at');
      return undefined;
    }
  }

  async #release(
    records: readonly StoredRecord[],
    { readings, tally, signal }: CollectionPass,
  ): Promise<number> {
    const { releaser } = this.#options;
    await readings.readNodes(records.flatMap(({ keptOn }) => keptOn ?? []));
    const releases = records
      .map(({ record, keptOn }): RecordRelease => {
        const key = ['owner', addressKey(record.address), record.nic, record.sinceMs].join('\0');
        const node = keptOn === undefined ? undefined : readings.node(keptOn)?.found;
        const suspect = !isReady(node) && !isShutDown(node);
        return { key, record, suspect, reason: 'owner-gone', node: keptOn };
      })
      .filter(({ key }) => !releaser.isUnderWay(key));
    let failed = 0;
    for (let from = 0; from < releases.length && !signal.aborted; from += batchMax) {
      const batch = releases.slice(from, from + batchMax);
      const left = await releaser.release(batch, tally, signal);
      failed += left.length;
      if (left.length === batch.length) break;
    }
    return failed;
  }
}
