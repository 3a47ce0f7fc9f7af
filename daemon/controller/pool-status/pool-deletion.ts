import { poolFinalizer } from '../../../src/api/names.ts';
import { type BlockApi, restarting } from '../../../src/ledger/blocks/block-api.ts';
import { blockLabel, subnetLabel } from '../../../src/ledger/blocks/labels.ts';
import type { PoolView } from '../leader/pool-view.ts';
import type { Turn } from './paced-queue.ts';
import type { PoolObjects } from './pool-objects.ts';

/**
 * A deleted pool stays at least so long: agents that have not heard of its deletion yet may be giving an address of it right now, which the
 * reading after that time shows.
 */
const restMsMin = 1_000;
/** Time until the next look, where the watch has yet to tell of a record that a reading has shown. */
const lookAgainMs = 2_000;

export interface PoolDeletionOptions {
  readonly objects: PoolObjects;
  readonly blocks: BlockApi;
}

/** Lets deleted pools go when no record names them any more. */
export class PoolDeletion {
  readonly #options: PoolDeletionOptions;
  /** By UID, when a deletion was heard of, by performance.now(). */
  readonly #heardMs = new Map<string, number>();

  constructor(options: PoolDeletionOptions) {
    this.#options = options;
  }

  /** Notes that the deletion of a pool was asked for, if that is new. @returns since when it is known, by performance.now() */
  heard({ uid }: PoolView): number {
    const nowMs = performance.now();
    const heardMs = this.#heardMs.get(uid) ?? nowMs;
    this.#heardMs.set(uid, heardMs);
    return heardMs;
  }

  /** A pool that is gone is forgotten. */
  forget({ uid }: PoolView): void {
    this.#heardMs.delete(uid);
  }

  /**
   * Takes the finalizer from a deleting pool of which the mirror shows no record, if a fresh reading shows none either.
   *
   * @returns its next turn; undefined when it has none
   * @throws KubeError
   */
  async finish(pool: PoolView, signal: AbortSignal): Promise<Turn | undefined> {
    const leftMs = this.heard(pool) + restMsMin - performance.now();
    if (leftMs > 0) return { restMs: leftMs, isAgain: true };
    if (await this.#hasRecord(pool, signal)) return { restMs: lookAgainMs, isAgain: true };
    const finalizers = pool.finalizers.filter((one) => one !== poolFinalizer);
    await this.#options.objects.patchMetadata(pool, { finalizers }, signal);
    return undefined;
  }

  /** By lists, which are quorum reads. */
  async #hasRecord({ name, stored }: PoolView, signal: AbortSignal): Promise<boolean> {
    // A pool that can't be read has no subnet to look in.
    const selector = stored.pool === undefined ? blockLabel : subnetLabel(stored.pool.subnet);
    return restarting(async () => {
      for await (const page of this.#options.blocks.list(selector, signal)) {
        for (const block of page) {
          for (const { record } of block.records()) if (record.pool === name) return true;
        }
      }
      return false;
    });
  }
}
