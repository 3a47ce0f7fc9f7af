import type { IncomingMessage, ServerResponse } from 'node:http';
import { lingerMs } from './client-error.ts';

/** The answer to a request. */
export interface HttpReply {
  readonly status: number;
  /** Already encoded; undefined is an empty body. */
  readonly body?: string;
  /** @default 'application/json' */
  readonly contentType?: string;
}

/** Sends an answer, also to a client that has not sent its whole request. */
export function sendReply(message: IncomingMessage, response: ServerResponse, reply: HttpReply): void {
  if (response.destroyed) return;
  const body = reply.body ?? '';
  const headers = {
    'content-type': reply.contentType ?? 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
  if (message.complete) {
    response.writeHead(reply.status, headers).end(body);
    return;
  }
  // A body that was not read to its end can't be told from the next request: the connection ends with the answer.
  response.writeHead(reply.status, { ...headers, connection: 'close' }).write(body);
  endSoon(message, response);
}

/**
 * Ends the connection of a client that was refused while it still sends, a moment later: it reads on, since a client whose writes
 * fail may never look at the answer.
 */
function endSoon(message: IncomingMessage, response: ServerResponse): void {
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  message.once('end', end).once('close', end).resume();
}
