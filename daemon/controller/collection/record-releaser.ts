import { waitOrAbort } from '../../../src/async/wait-or-abort.ts';
import type { HolderReason } from '../../../src/collection/holder-finding.ts';
import { type Address, formatAddress } from '../../../src/ip/address.ts';
import { blockBase, blockName } from '../../../src/ledger/blocks/block-name.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { AllocationRecord, Holder } from '../../../src/ledger/record.ts';
import { ownerKey } from '../../../src/ledger/record-equality.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { ControllerMetrics } from '../../../src/metrics/controller-metrics.ts';
import { podText } from '../../../src/wire/to-shapes.ts';
import { Limiter } from '../../process/limiter.ts';
import type { CollectionTally } from './collection-tally.ts';

/** Blocks that are written at once: half of the connections of the client. */
const blocksMax = 16;
/** A block is waited for this long; a write whose outcome is not known goes on, and is asked for no second time. */
const blockMs = 10_000;
/** Releases that may go on after their pass: less than the ledger takes at once. */
const underWayMax = 2_048;

/** A holder that has to go, or a record that nobody holds. */
export interface RecordRelease {
  /** What tells it from every other over all passes. */
  readonly key: string;
  readonly record: AllocationRecord;
  /** Undefined for the whole record. */
  readonly holder?: Holder;
  readonly suspect: boolean;
  readonly reason: HolderReason | 'owner-gone';
  /** Of the holder, or the one that kept the record. */
  readonly node: string | undefined;
}

export interface RecordReleaserOptions {
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
}

/** Releases records on condition that they are as they were read: block by block, each in one write. */
export class RecordReleaser {
  readonly #options: RecordReleaserOptions;
  readonly #limiter = new Limiter(blocksMax);
  readonly #underWay = new Set<string>();

  constructor(options: RecordReleaserOptions) {
    this.#options = options;
  }

  /** Whether a former release of it has not ended yet. */
  isUnderWay(key: string): boolean {
    return this.#underWay.has(key);
  }

  /**
   * Releases these, and waits for a limited time. Never rejects: what fails is logged, and found again by a later look.
   *
   * @param tally of the pass
   * @returns those that could not be released, or not in time
   */
  async release(
    releases: readonly RecordRelease[],
    tally: CollectionTally,
    signal: AbortSignal,
  ): Promise<readonly RecordRelease[]> {
    const byBlock = Map.groupBy(releases, ({ record }) => blockBase(record.address));
    const failures = await Promise.all(
      [...byBlock].map(([base, batch]) =>
        this.#limiter.run(async () => {
          const room = underWayMax - this.#underWay.size;
          if (signal.aborted || room < batch.length) return batch;
          return this.#releaseOf(base, batch, tally, signal);
        }),
      ),
    );
    return failures.flat();
  }

  async #releaseOf(
    base: Address,
    batch: readonly RecordRelease[],
    tally: CollectionTally,
    signal: AbortSignal,
  ): Promise<readonly RecordRelease[]> {
    const late = new AbortController();
    const onAbort = (): void => late.abort(signal.reason);
    const timer = setTimeout(() => late.abort(new Error('it takes too long')), blockMs);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await waitOrAbort(this.#releaseAll(base, batch, tally), late.signal);
    } catch {
      if (!signal.aborted)
        this.#options.log.warn({ block: blockName(base) }, 'a block can not be written now');
      return batch;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** @returns those that failed */
  async #releaseAll(
    base: Address,
    batch: readonly RecordRelease[],
    tally: CollectionTally,
  ): Promise<readonly RecordRelease[]> {
    const { log, metrics } = this.#options;
    // At once, so that the ledger writes them together.
    const outcomes = await Promise.all(batch.map((release) => this.#releaseOne(release)));
    const failed = outcomes.filter(({ error }) => error !== undefined);
    if (failed.length > 0) {
      const [{ error } = {}] = failed;
      log.warn({ err: error, block: blockName(base), records: failed.length }, 'records could not be freed');
    }
    for (const _ of failed) metrics.collectionFailed();
    const released = outcomes.filter(({ isReleased }) => isReleased).map(({ release }) => release);
    const [freed, unheld] = [released.filter(frees), released.filter((release) => !frees(release))];
    if (freed.length > 0) log.warn({ freed: freed.map(told) }, 'freed addresses that nobody uses any more');
    if (unheld.length > 0)
      log.warn({ kept: unheld.map(told) }, 'took pods that are gone off addresses that are kept');
    for (const { record, suspect } of freed) tally.freed(record.address, suspect);
    metrics.collected(freed.length);
    return failed.map(({ release }) => release);
  }

  async #releaseOne(release: RecordRelease): Promise<Outcome> {
    const { key, record, holder, suspect } = release;
    this.#underWay.add(key);
    try {
      const released = await this.#options.ledger.release(
        holder === undefined ? { by: 'record', record, suspect } : { by: 'holder', record, holder, suspect },
      );
      return { release, isReleased: released.length > 0 };
    } catch (error) {
      return { release, isReleased: false, error };
    } finally {
      this.#underWay.delete(key);
    }
  }
}

interface Outcome {
  readonly release: RecordRelease;
  /** False too when it was otherwise than it was read. */
  readonly isReleased: boolean;
  readonly error?: unknown;
}

/** A record of a static owner only loses the holder. */
function frees({ record, holder }: RecordRelease): boolean {
  return holder === undefined || record.owner === undefined;
}

function told({ record, holder, node, reason, suspect }: RecordRelease): object {
  const { address, owner, nic } = record;
  return {
    address: formatAddress(address),
    nic,
    ...(holder && { pod: podText(holder.pod), uid: holder.uid }),
    ...(owner && { owner: ownerKey(owner) }),
    node,
    reason,
    suspect,
  };
}
