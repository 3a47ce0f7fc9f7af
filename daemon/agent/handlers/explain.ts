import { explainText } from '../../../src/cli/explain-text.ts';
import { explainShape } from '../explain-shape.ts';
import type { Handler } from '../http/message.ts';
import { parseAttachmentRequest } from './attachment-request.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

/** `POST /v1/explain`: what an ADD with this body would do, step by step, without doing it. */
export function explainHandler({ attachments, bootId }: HandlerContext): Handler {
  return peopleHandler(async ({ body, signal }) => {
    const { add } = parseAttachmentRequest('add', body, bootId);
    const value = explainShape(await attachments.explain(add, signal));
    return { value, text: () => explainText(value) };
  });
}
