import type { Socket } from 'node:net';

/** How long a refused client that still sends is listened to before its connection ends. */
export const lingerMs = 500;

/** Refusals of the parser itself by their code; everything else is malformed (400). */
const refusals: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the headers are larger than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
};

/** Connections that were told already: their further bytes make the parser fail again. */
const told = new WeakSet<Socket>();

/**
 * Tells a client what the HTTP parser refused, and ends its connection a moment later: it reads on, since a client whose
 * writes fail may never look at the answer.
 */
export function refuseClient(error: NodeJS.ErrnoException, socket: Socket): void {
  if (told.has(socket)) return;
  told.add(socket);
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, message] = refusals[error.code ?? ''] ?? ['400 Bad Request', 'this is not HTTP/1.1'];
  const body = JSON.stringify({ code: Number.parseInt(status, 10), msg: message });
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
