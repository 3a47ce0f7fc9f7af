import { stringifyExactJson } from '../../../src/api/exact-json.ts';
import { errorText } from '../../../src/cli/error-text.ts';
import { errorObject } from '../../../src/cni/compose-error.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import type { AgentRequest, Handler, Reply } from '../http/message.ts';
import { toReplyError } from './reply-error.ts';

/** What a route for people answers: a value for JSON, and the same as text. */
export interface Answer {
  readonly value: unknown;
  /** What `Accept: text/plain` gets: whole lines, with control characters of values escaped. */
  readonly text: () => string;
  /** @default 200 */
  readonly status?: number;
}

/** Makes a handler that answers JSON, or text when that was asked for. Refusals are `{code, msg, details?}`. */
export function peopleHandler(answer: (request: AgentRequest) => Promise<Answer>): Handler {
  return async (request) => {
    try {
      return reply(await answer(request), request.wantsText);
    } catch (thrown) {
      const error = toReplyError(thrown);
      if (!(error instanceof CniError)) throw error;
      const { cniVersion: _, ...value } = errorObject(error);
      return reply(
        {
          value,
          status: error.code === CniCode.tryAgainLater ? 503 : 400,
          text: () => `${errorText(value)}\n`,
        },
        request.wantsText,
      );
    }
  };
}

function reply({ value, text, status = 200 }: Answer, wantsText: boolean): Reply {
  if (wantsText) return { status, body: text(), contentType: 'text/plain; charset=utf-8' };
  return { status, body: `${stringifyExactJson(value)}\n` };
}
