import { connect, type Socket } from 'node:net';

const headersEnd = '\r\n\r\n';

/** An answer that a benchmark looks at. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * One kept-alive connection to a unix socket with one request at a time. HTTP is spoken by hand: node:http as a client takes more
 * of the processor than the agent does.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  /** The server has closed it, as it does with one that rests for long. */
  isClosed = false;
  #settle: ((answer: Answer) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('close', () => {
      this.isClosed = true;
      this.#fail?.(new Error('the server closed a connection'));
    });
    socket.on('error', (error) => this.#fail?.(error));
  }

  static async open(path: string): Promise<HttpConnection> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new HttpConnection(socket);
  }

  /** Every status is an answer. @param request from {@link composePost} @throws Error when the connection breaks */
  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      if (this.isClosed) reject(new Error('the connection is closed'));
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf(headersEnd);
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const bytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    const body = this.#received.slice(end + headersEnd.length);
    if (body.length < bytes) return;
    this.#received = '';
    this.#settle?.({ status: Number(head.slice(9, 12)), body });
  }
}

/** The bytes of a POST of JSON text that has ASCII only. */
export function composePost(path: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nhost: agent\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}${headersEnd}${body}`
  );
}
