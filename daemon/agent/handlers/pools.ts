import { poolsText } from '../../../src/cli/pools-text.ts';
import { poolsShape } from '../../../src/wire/pools-shape.ts';
import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

/** `GET /v1/pools`: every pool with the counts of this moment. */
export function poolsHandler({ cluster, ledger, problems }: HandlerContext): Handler {
  return peopleHandler(async () => {
    const { pools } = cluster.catalog();
    const usages = await ledger.ledger.usage(pools.map(({ range }) => range));
    const value = poolsShape(pools, usages, {
      conditions: (name) => cluster.conditions(name),
      problems: problems(),
    });
    return { value, text: () => poolsText(value) };
  });
}
