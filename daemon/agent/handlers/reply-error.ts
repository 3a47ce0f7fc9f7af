import { CniCode, CniError } from '../../../src/cni/error.ts';
import { HttpError } from '../http/message.ts';
import { toCniError } from '../ledger-slot.ts';

/** What a failure means to whoever asked: a CniError where it is an operating error, and what was thrown where it is a defect. */
export function toReplyError(thrown: unknown): unknown {
  if (thrown instanceof HttpError) return notFinished(thrown.message);
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError')
    return notFinished('the deadline has passed');
  return toCniError(thrown);
}

/** Nobody waits for the request any more. */
function notFinished(reason: string): CniError {
  return new CniError(CniCode.tryAgainLater, `the request was not finished: ${reason}`);
}
