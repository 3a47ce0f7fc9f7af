import type { PoolCondition } from '../cluster/cluster.ts';
import { outsideText } from '../cluster/pool-condition-texts.ts';
import type { CatalogPool } from '../ipam/pool.ts';
import type { PoolUsage } from '../ledger/ledger.ts';
import type { PoolsShape } from './shapes.ts';
import { poolShape } from './to-shapes.ts';

/** What {@link poolsShape} shows beside the pools. */
export interface PoolsShapeOptions {
  /** What an operator should know of a pool by its name, worst first. */
  readonly conditions: (poolName: string) => readonly PoolCondition[];
  readonly problems: readonly string[];
}

/** Pools with their counts as people and programs are shown them. @param usages of these pools, in their order */
export function poolsShape(
  pools: readonly CatalogPool[],
  usages: readonly PoolUsage[],
  { conditions, problems }: PoolsShapeOptions,
): PoolsShape {
  const shapes = pools.flatMap((pool, index) => {
    const usage = usages[index];
    if (usage === undefined) return [];
    const own: readonly PoolCondition[] = conditions(pool.pool.name);
    const { outside, allocated } = usage;
    const message = outsideText(outside, allocated);
    return [poolShape(pool, usage, outside > 0 ? [{ type: 'OutsideAllocations', message }, ...own] : own)];
  });
  return { pools: shapes, problems };
}
