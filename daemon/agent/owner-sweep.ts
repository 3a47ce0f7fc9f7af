import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { AllocationRecord, StaticOwner } from '../../src/ledger/record.ts';
import { ownerKey } from '../../src/ledger/record-equality.ts';
import type { Logger } from '../../src/log/logger.ts';
import { Limiter } from '../process/limiter.ts';

/** Two readings at least this far apart must find an owner invalid. */
const confirmAfterMs = 10_000;

/** An owner is looked at this often at most: each look is one or two reads of the API server. */
const lookAgainMs = 15_000;

/** Owners that are looked at together. */
const looksMax = 32;

/** A look is waited for this long. */
const lookMs = 5_000;

/** What is remembered of an owner between looks; times are on the monotonic clock. */
interface Look {
  readonly lookedMs: number;
  /** When it was first found invalid, without having been valid since. */
  readonly invalidSinceMs?: number;
}

export interface OwnerSweepOptions {
  readonly cluster: Cluster;
  readonly log: Logger;
}

/** Frees what is kept for static owners that are no longer valid: scaled down, or deleted. */
export class OwnerSweep {
  readonly #options: OwnerSweepOptions;
  readonly #limiter = new Limiter(looksMax);
  #looks = new Map<string, Look>();

  constructor(options: OwnerSweepOptions) {
    this.#options = options;
  }

  /**
   * Looks at the owners of records that nobody holds, those whose turn it is.
   *
   * @param kept all such records of this node
   * @returns the records that were freed
   */
  async examine(ledger: Ledger, kept: readonly AllocationRecord[]): Promise<readonly AllocationRecord[]> {
    const owners = new Map<string, StaticOwner>();
    for (const { owner } of kept) {
      if (owner !== undefined) owners.set(ownerKey(owner), owner);
    }
    // What is not kept any more is forgotten.
    this.#looks = new Map([...this.#looks].filter(([key]) => owners.has(key)));
    const looks = await Promise.all(
      [...owners].map(([key, owner]) => this.#limiter.run(() => this.#tryLook(ledger, key, owner))),
    );
    return looks.flat();
  }

  /** One that can't be freed now must not keep the others. */
  async #tryLook(ledger: Ledger, key: string, owner: StaticOwner): Promise<readonly AllocationRecord[]> {
    try {
      return await this.#look(ledger, key, owner);
    } catch (error) {
      this.#options.log.warn(
        { err: error, owner },
        'what is kept for a static owner that is gone could not be freed',
      );
      return [];
    }
  }

  async #look(ledger: Ledger, key: string, owner: StaticOwner): Promise<readonly AllocationRecord[]> {
    const nowMs = performance.now();
    const before = this.#looks.get(key);
    const invalidSinceMs = before?.invalidSinceMs;
    const isDue = invalidSinceMs !== undefined && nowMs - invalidSinceMs >= confirmAfterMs;
    if (before !== undefined && !isDue && nowMs - before.lookedMs < lookAgainMs) return [];
    const isValid = await this.#isValid(owner);
    if (isValid === undefined) return [];
    if (isValid) {
      this.#looks.set(key, { lookedMs: nowMs });
      return [];
    }
    if (!isDue) {
      this.#looks.set(key, { lookedMs: nowMs, invalidSinceMs: invalidSinceMs ?? nowMs });
      return [];
    }
    this.#looks.delete(key);
    return ledger.release({ by: 'owner', owner });
  }

  /** @returns undefined when it can't be read now: the owner then keeps its addresses */
  async #isValid(owner: StaticOwner): Promise<boolean | undefined> {
    const { cluster, log } = this.#options;
    try {
      return await cluster.isOwnerValid(owner, { signal: AbortSignal.timeout(lookMs) });
    } catch (error) {
      log.debug({ err: error, owner }, 'static owner could not be looked at');
      return undefined;
    }
  }
}
