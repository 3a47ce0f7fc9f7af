import { describeRanges } from '../api/range-lists.ts';
import type { Pool } from '../ipam/pool.ts';
import { findPoolConflicts, type PoolConflict } from '../ipam/pool-conflicts.ts';
import type { PoolCondition } from './cluster.ts';

/** Adds to the conditions of pools, by name, that they overlap others. */
export function withOverlaps(
  conditions: ReadonlyMap<string, readonly PoolCondition[]>,
  pools: readonly Pool[],
): ReadonlyMap<string, readonly PoolCondition[]> {
  const all = new Map(conditions);
  for (const conflict of findPoolConflicts(pools)) {
    const message = conflictText(conflict);
    for (const name of conflict.pools) {
      all.set(name, [...(all.get(name) ?? []), { type: 'Overlap', message }]);
    }
  }
  return all;
}

function conflictText(conflict: PoolConflict): string {
  const [a, b] = conflict.pools;
  if (conflict.kind === 'subnets') return `the subnets of pools ${a} and ${b} differ and overlap`;
  return `pools ${a} and ${b} both have ${describeRanges(conflict.shared)}; each address is still given only once`;
}
