import type { IncomingMessage } from 'node:http';
import { HttpError } from './message.ts';

/** A body at most: the plugin's 1 MiB of stdin as JSON inside JSON, with room for the environment. */
const bodyBytesMax = 2 * 1024 * 1024;

/**
 * Reads a request's body, at most `bodyBytesMax`, and decodes it as JSON.
 *
 * @returns undefined when the body is empty
 * @throws HttpError 413 when it is larger, 400 when it is not JSON or ends early
 */
export async function readJsonBody(message: IncomingMessage): Promise<unknown> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > bodyBytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop early must not destroy the connection: the refusal still has to go out on it.
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bodyBytesMax) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(400, 'the body ended early');
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HttpError(400, `the body is not JSON: ${reason}`);
  }
}

function tooLarge(): HttpError {
  return new HttpError(413, `the body is larger than ${bodyBytesMax} bytes`);
}
