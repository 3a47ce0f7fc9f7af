import { InvariantError } from '../api/invariant-error.ts';
import { structurallyEqual } from '../api/structurally-equal.ts';
import type { RangeSet } from '../ip/range-set.ts';
import type { ReservedAddresses } from './compile-pool.ts';
import type { CatalogPool, Pool, PoolCatalog } from './pool.ts';
import type { PoolRange } from './want.ts';

/**
 * Puts pools and reserved addresses together.
 *
 * Whatever came out the same in `previous` is taken from there, the same objects: ledgers key derived state by the identity of
 * `range.eligible`, so an unchanged pool costs them nothing, and a pool that changed in other things than its addresses keeps
 * its `eligible`.
 *
 * @param pools no two of one name
 * @param previous the catalogue that this one replaces
 * @throws InvariantError when two pools have one name
 */
export function buildCatalog(
  pools: readonly Pool[],
  reserved: ReservedAddresses,
  previous?: PoolCatalog,
): PoolCatalog {
  const byName = new Map<string, CatalogPool>();
  for (const pool of pools.toSorted(compareNames)) {
    if (byName.has(pool.name)) throw new InvariantError(`two pools are named ${JSON.stringify(pool.name)}`);
    byName.set(pool.name, catalogPool(pool, reserved[pool.family], previous?.byName.get(pool.name)));
  }
  return { pools: [...byName.values()], byName };
}

function catalogPool(pool: Pool, reserved: RangeSet, previous: CatalogPool | undefined): CatalogPool {
  const usable = pool.addresses.subtract(pool.excluded);
  const eligible = usable.subtract(reserved);
  const entry: CatalogPool = {
    pool,
    range: reuseRange(pool, eligible, previous?.range),
    total: usable.size,
    excluded: pool.addresses.size - usable.size,
    reserved: usable.size - eligible.size,
  };
  return previous && sameEntry(entry, previous) ? previous : entry;
}

function reuseRange(pool: Pool, eligible: RangeSet, previous: PoolRange | undefined): PoolRange {
  const { name, family, subnet, reuseDelayMs } = pool;
  const kept = previous?.eligible.equals(eligible) ? previous.eligible : eligible;
  const isSame = previous?.reuseDelayMs === reuseDelayMs && structurallyEqual(previous.subnet, subnet);
  if (kept === previous?.eligible && isSame) return previous;
  return { name, family, subnet, eligible: kept, reuseDelayMs };
}

/** The counts follow from the pool and `eligible`, so they need no look. */
function sameEntry(a: CatalogPool, b: CatalogPool): boolean {
  return a.range === b.range && samePool(a.pool, b.pool);
}

function samePool(a: Pool, b: Pool): boolean {
  if (a === b) return true;
  const { addresses, excluded, ...rest } = a;
  const { addresses: otherAddresses, excluded: otherExcluded, ...otherRest } = b;
  return (
    addresses.equals(otherAddresses) && excluded.equals(otherExcluded) && structurallyEqual(rest, otherRest)
  );
}

/** By code units: the same everywhere, whatever the locale. */
function compareNames(a: Pool, b: Pool): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}
