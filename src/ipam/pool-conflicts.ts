import { compareAddresses } from '../ip/address.ts';
import { cidrsOverlap } from '../ip/cidr.ts';
import type { RangeSet } from '../ip/range-set.ts';
import type { Pool } from './pool.ts';

/** Two pools that admission would not let stand side by side. */
export type PoolConflict =
  /** Both hand out the same addresses. */
  | { readonly kind: 'addresses'; readonly pools: readonly [string, string]; readonly shared: RangeSet }
  /** Their subnets differ and overlap: one contains the other. */
  | { readonly kind: 'subnets'; readonly pools: readonly [string, string] };

/**
 * Finds every pair of pools that overlap in the addresses they hand out (`ips` less `excludeIPs`), or in their subnets
 * without having the same one. A pair may do both. Where nobody refuses such pools (files of an embedded agent) they have to be told.
 *
 * Takes O(n log n) and the number of pairs whose subnets overlap. The names of a pair are in the order of their subnets, then of
 * the argument.
 */
export function findPoolConflicts(pools: readonly Pool[]): PoolConflict[] {
  // Subnets nest or are disjoint. Sorted with the larger first, those inside of one follow it directly.
  const sorted = pools.toSorted(
    (a, b) =>
      compareAddresses(a.subnet.network, b.subnet.network) || a.subnet.prefixLength - b.subnet.prefixLength,
  );
  const usable = new Map(sorted.map((pool) => [pool, pool.addresses.subtract(pool.excluded)]));
  const conflicts: PoolConflict[] = [];
  for (const [index, pool] of sorted.entries()) {
    for (let next = index + 1; next < sorted.length; next += 1) {
      const other = sorted[next];
      if (other === undefined || !cidrsOverlap(pool.subnet, other.subnet)) break;
      conflicts.push(...conflictsOf(pool, other, usable));
    }
  }
  return conflicts;
}

function conflictsOf(pool: Pool, other: Pool, usable: ReadonlyMap<Pool, RangeSet>): PoolConflict[] {
  const pools = [pool.name, other.name] as const;
  const conflicts: PoolConflict[] = [];
  if (pool.subnet.prefixLength !== other.subnet.prefixLength) conflicts.push({ kind: 'subnets', pools });
  const [own, others] = [usable.get(pool), usable.get(other)];
  if (own && others?.intersects(own)) {
    conflicts.push({ kind: 'addresses', pools, shared: own.intersect(others) });
  }
  return conflicts;
}
