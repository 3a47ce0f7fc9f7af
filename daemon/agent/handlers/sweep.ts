import { sweepText } from '../../../src/cli/sweep-text.ts';
import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

/** `POST /v1/gc`: one pass of the sweep now, as it would happen by itself. */
export function sweepHandler({ sweep }: HandlerContext): Handler {
  return peopleHandler(async () => {
    const value = await sweep.once();
    return { value, text: () => sweepText(value) };
  });
}
