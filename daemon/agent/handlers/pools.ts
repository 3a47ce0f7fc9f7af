import { poolsText } from '../../../src/cli/pools-text.ts';
import { outsideText } from '../../../src/cluster/pool-condition-texts.ts';
import type { PoolShape, PoolsShape } from '../../../src/wire/shapes.ts';
import { poolShape } from '../../../src/wire/to-shapes.ts';
import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

/** `GET /v1/pools`: every pool with the counts of this moment. */
export function poolsHandler({ cluster, ledger, problems }: HandlerContext): Handler {
  return peopleHandler(async () => {
    const { pools } = cluster.catalog();
    const usages = await ledger.ledger.usage(pools.map(({ range }) => range));
    const shapes = pools.flatMap((pool, index): PoolShape[] => {
      const usage = usages[index];
      if (usage === undefined) return [];
      const conditions = [...cluster.conditions(pool.pool.name)];
      const { outside, allocated } = usage;
      if (outside > 0) {
        conditions.unshift({ type: 'OutsideAllocations', message: outsideText(outside, allocated) });
      }
      return [poolShape(pool, usage, conditions)];
    });
    const value: PoolsShape = { pools: shapes, problems: problems() };
    return { value, text: () => poolsText(value) };
  });
}
