import { sweepText } from '../../../src/cli/sweep-text.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

const switchedOff =
  'the garbage collection is switched off: set SPIDERPOOL_GC_IP_ENABLED of the agents to true, or free single addresses with spiderpoolctl release';

/** `POST /v1/gc`: one pass of the sweep now, as it would happen by itself. */
export function sweepHandler({ sweep, sweeps }: HandlerContext): Handler {
  return peopleHandler(async () => {
    if (!sweeps) throw new CniError(CniCode.invalidConfig, switchedOff);
    const value = await sweep.once();
    return { value, text: () => sweepText(value) };
  });
}
