import { openApiDocument } from '../../../src/wire/openapi.ts';
import type { Handler } from '../http/message.ts';
import { jsonReply } from '../http/server.ts';

/** `GET /v1/openapi.json`: the description of everything that the socket serves. */
export function openApiHandler(): Handler {
  return () => Promise.resolve(jsonReply(200, openApiDocument));
}
