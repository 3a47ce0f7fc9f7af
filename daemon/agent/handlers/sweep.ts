import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

/** `POST /v1/gc`: one pass of the sweep now, as it would happen by itself. */
export function sweepHandler({ sweep }: HandlerContext): Handler {
  return peopleHandler(async () => ({ value: await sweep.once() }));
}
