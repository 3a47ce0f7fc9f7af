import { readFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';

/** An answer of the API server. */
export interface AdminResponse {
  readonly status: number;
  /** The parsed JSON; undefined when the answer is something else. */
  readonly body: unknown;
  readonly text: string;
}

export interface AdminRequestOptions {
  /** Of the body. @default JSON; for PATCH a JSON merge patch */
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Another bearer token than the administrator's. */
  readonly token?: string;
  /** @default after 60 s */
  readonly signal?: AbortSignal;
}

const timeoutMsDefault = 60_000;
const connectionsMax = 32;

/** Plain HTTPS to the API server with all rights, independent of the project's own client. */
export class AdminClient implements Disposable {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  /** @param caFile has to exist */
  constructor(url: string, options: { readonly caFile: string; readonly token: string }) {
    this.#url = url;
    this.#token = options.token;
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: connectionsMax,
      ca: readFileSync(options.caFile),
    });
  }

  /**
   * Sends one request. Every status is a result.
   * @param body becomes JSON; a string goes out as it is
   * @throws Error of node:https when there is no answer
   */
  async request(
    method: string,
    path: string,
    body?: unknown,
    options: AdminRequestOptions = {},
  ): Promise<AdminResponse> {
    const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const contentType =
      options.contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    const url = new URL(path, this.#url);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.set(name, value);
    return new Promise((resolve, reject) => {
      const request = httpsRequest(url, {
        method,
        agent: this.#agent,
        signal: options.signal ?? AbortSignal.timeout(timeoutMsDefault),
        headers: {
          authorization: `Bearer ${options.token ?? this.#token}`,
          accept: 'application/json',
          ...(content === undefined
            ? {}
            : { 'content-type': contentType, 'content-length': Buffer.byteLength(content) }),
        },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '');
          try {
            const parsed: unknown = isJson ? JSON.parse(text) : undefined;
            resolve({ status: response.statusCode ?? 0, body: parsed, text });
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
