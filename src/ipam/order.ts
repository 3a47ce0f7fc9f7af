import type { Pool } from './pool.ts';

/** Which restrictions make a pool the better fit, the strongest first. */
const restrictions: readonly ((pool: Pool) => boolean)[] = [
  (pool) => pool.podAffinity !== undefined,
  (pool) => pool.nodeNames.length > 0,
  (pool) => pool.nodeAffinity !== undefined,
  (pool) => pool.namespaceNames.length > 0,
  (pool) => pool.namespaceAffinity !== undefined,
  (pool) => pool.multusNames.length > 0,
];

/**
 * Orders pools that may serve a NIC: those with the stronger restriction first; among equals the order in
 * which they were given (as the user wrote them, or by name for the cluster default) stands.
 */
export function orderPools<T>(items: readonly T[], poolOf: (item: T) => Pool): T[] {
  return items.toSorted((a, b) => {
    for (const restricts of restrictions) {
      const difference = Number(restricts(poolOf(b))) - Number(restricts(poolOf(a)));
      if (difference !== 0) return difference;
    }
    return 0;
  });
}
