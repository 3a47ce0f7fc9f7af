import { CniCode, CniError } from '../../../src/cni/error.ts';
import { HttpError } from '../../process/http/http-error.ts';
import { toCniError } from '../ledger-slot.ts';

/** What a failure means to whoever asked: a CniError where it is an operating error, and what was thrown where it is a defect. */
export function toReplyError(thrown: unknown): unknown {
  if (!(thrown instanceof HttpError)) return toCniError(thrown);
  // The request's signal was aborted: the client is gone, its deadline has passed, or the agent ends.
  return new CniError(CniCode.tryAgainLater, `the request was not finished: ${thrown.message}`);
}
