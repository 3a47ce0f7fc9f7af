import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

/** An answer over the unix socket. */
export interface SocketResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON; undefined when the body is something else or has none. Integers over 2^53 are exact only in `text`. */
  readonly body: unknown;
}

export interface SocketRequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the wait. @default after 120 s: longer than any deadline of the agent */
  readonly signal?: AbortSignal;
}

/** More than the load tests have in flight. */
const connectionsMax = 256;
const timeoutMsDefault = 120_000;

/** HTTP over a unix socket, with connections kept alive. */
export class SocketClient implements Disposable {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * Sends one request. Every status is a result.
   * @param body becomes JSON; a string goes out as it is
   * @throws Error of node:http when there is no answer
   */
  async request(
    method: string,
    path: string,
    body?: unknown,
    options: SocketRequestOptions = {},
  ): Promise<SocketResponse> {
    const { headers, signal = AbortSignal.timeout(timeoutMsDefault) } = options;
    const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path,
        signal,
        headers: {
          ...(content === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
          ...headers,
        },
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server has closed a connection that was idle just as this request took it: it has not seen the request.
        const isStale = request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted;
        if (isStale) resolve(this.request(method, path, body, options));
        else reject(error);
      });
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '') && text !== '';
          try {
            const parsed: unknown = isJson ? JSON.parse(text) : undefined;
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
          } catch (error) {
            reject(error);
          }
        });
      });
      request.end(content);
    });
  }

  /** Closes the connections; requests under way fail. */
  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
