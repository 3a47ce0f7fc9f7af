import { InvariantError } from '../../api/invariant-error.ts';
import type { Address } from '../../ip/address.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { PoolUsage, WantRefusal } from '../ledger.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { type Found, PoolFinder, type SearchAsk, type ThoroughResult } from './pool-finder.ts';

/** Pools whose place in the search is remembered; more than a node serves. */
const POOLS_MAX = 1024;

/** What a search for one want gave. */
export type SearchResult =
  | Found
  | Extract<ThoroughResult, { readonly kind: 'blocked' }>
  | { readonly kind: 'refused'; readonly refusal: WantRefusal };

/** How patient a search is. */
export type Patience =
  /** Waits for its turn to read a pool that was found exhausted a moment ago. */
  | 'patient'
  /** Reads it at once: somebody asks what would be answered now. */
  | 'urgent'
  /** Believes that it still is: the request is refused anyway. */
  | 'credulous';

/** Finds addresses in the pools of a want. */
export class AddressSearch {
  readonly #parts: LedgerParts;
  /** By pool name, the least recently used first. */
  readonly #finders = new Map<string, PoolFinder>();

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** Notes that this process has freed an address. */
  noteFreed(address: Address): void {
    for (const finder of this.#finders.values()) finder.noteFreed(address);
  }

  /**
   * The pools in their order: the next is asked when one has neither free nor cooling addresses. A suspect address may still answer on
   * the wire, so one is taken only when no pool has anything better. Exhausted is said only when every pool was read
   * afresh; as long as there is another pool, one that was found empty a moment ago is passed over.
   */
  async find(want: Want, ask: SearchAsk, patience: Patience): Promise<SearchResult> {
    for (let mayPassOver = want.pools.length > 1 || patience === 'credulous'; ; mayPassOver = false) {
      const result = await this.#tryPools(want, ask, { patience, mayPassOver });
      if (result !== undefined) return result;
      if (!mayPassOver) throw new InvariantError('a search that passes over no pool has a result');
    }
  }

  /** Undefined when nothing was found, but a pool was passed over. */
  async #tryPools(
    want: Want,
    ask: SearchAsk,
    { patience, mayPassOver }: { readonly patience: Patience; readonly mayPassOver: boolean },
  ): Promise<SearchResult | undefined> {
    const suspects: [PoolFinder, Extract<ThoroughResult, { kind: 'suspect' }>][] = [];
    const usages: PoolUsage[] = [];
    let isProven = true;
    for (const pool of want.pools) {
      const finder = this.#finder(pool);
      const near = await finder.findNear(ask);
      if (near !== undefined) return near;
      if (mayPassOver && finder.isResting && finder.lastUsage !== undefined) {
        usages.push(finder.lastUsage);
        isProven = false;
        continue;
      }
      const result = await finder.findAnywhere(ask, { isUrgent: patience === 'urgent' });
      if (result.kind === 'found' || result.kind === 'blocked') return result;
      if (result.kind === 'suspect') {
        suspects.push([finder, result]);
        usages.push(result.reading.state.usage());
      } else usages.push(result.usage);
    }
    for (const [finder, { reading }] of suspects) {
      const result = await finder.findSuspect(reading, ask);
      if (result.kind === 'found' || result.kind === 'blocked') return result;
    }
    if (!isProven && patience !== 'credulous') return undefined;
    return { kind: 'refused', refusal: { cause: 'exhausted', want, pools: usages } };
  }

  #finder(pool: PoolRange): PoolFinder {
    const known = this.#finders.get(pool.name);
    this.#finders.delete(pool.name);
    const finder =
      known !== undefined && isSamePool(known.range, pool) ? known : new PoolFinder(pool, this.#parts);
    this.#finders.set(pool.name, finder);
    for (const oldest of this.#finders.keys()) {
      if (this.#finders.size <= POOLS_MAX) break;
      this.#finders.delete(oldest);
    }
    return finder;
  }
}

function isSamePool(a: PoolRange, b: PoolRange): boolean {
  if (a === b) return true;
  const isSameSubnet =
    a.subnet.network === b.subnet.network && a.subnet.prefixLength === b.subnet.prefixLength;
  return isSameSubnet && a.reuseDelayMs === b.reuseDelayMs && a.eligible.equals(b.eligible);
}
