import type { IncomingMessage } from 'node:http';
import { HttpError } from '../../process/http/http-error.ts';
import { readBody } from '../../process/http/read-body.ts';

/** A body at most: the plugin's 1 MiB of stdin as JSON inside JSON, with room for the environment. */
const bodyBytesMax = 2 * 1024 * 1024;

/**
 * Reads a request's body, at most `bodyBytesMax`, and decodes it as JSON.
 *
 * @returns undefined when the body is empty
 * @throws HttpError 413 when it is larger, 400 when it is not JSON or ends early
 */
export async function readJsonBody(message: IncomingMessage): Promise<unknown> {
  const body = await readBody(message, bodyBytesMax);
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpError(400, `the body is not JSON: ${reason}`);
  }
}
