import { errorObject } from '../../../src/cni/compose-error.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { printObject } from '../../../src/cni/print-object.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { AgentRequest, Handler } from '../http/message.ts';
import { toReplyError } from './reply-error.ts';

/** What a verb does: returns the object to print, or undefined when success prints nothing. */
type Verb = (request: AgentRequest) => Promise<object | undefined>;

/**
 * Makes a handler of a CNI verb: the answer's body is what the plugin prints, a result (200) or an error object
 * (any other status).
 */
export function cniHandler(name: string, verb: Verb, log: Logger): Handler {
  return async (request) => {
    try {
      const result = await verb(request);
      return result === undefined ? { status: 200 } : { status: 200, body: printObject(result) };
    } catch (thrown) {
      const error = toReplyError(thrown);
      const object = errorObject(error, configuredVersion(request.body));
      const fields = { verb: name, code: object.code, reason: object.msg };
      if (error instanceof CniError) log.warn(fields, 'refused');
      else log.error({ ...fields, err: error }, 'failed unexpectedly');
      return { status: httpStatus(object.code), body: printObject(object) };
    }
  };
}

function httpStatus(code: number): number {
  if (code === CniCode.tryAgainLater || code === CniCode.notAvailable) return 503;
  if (code === CniCode.internal) return 500;
  return code < 100 ? 400 : 409;
}

function configuredVersion(body: unknown): string | undefined {
  const config = typeof body === 'object' && body !== null && 'config' in body ? body.config : undefined;
  if (typeof config !== 'object' || config === null || !('cniVersion' in config)) return undefined;
  return typeof config.cniVersion === 'string' && config.cniVersion !== '' ? config.cniVersion : undefined;
}
