import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/**
 * Reads a request's body.
 *
 * @throws HttpError 413 when it is larger than `bytesMax`, 400 when it ends early
 */
export async function readBody(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // Leaving the loop early must not destroy the connection: the refusal still has to go out on it.
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof HttpError ? error : new HttpError(400, 'the body ended early');
  }
  return Buffer.concat(chunks);
}

function tooLarge(bytesMax: number): HttpError {
  return new HttpError(413, `the body is larger than ${bytesMax} bytes`);
}
