import { type IncomingMessage, request } from 'node:http';
import type * as z from 'zod';
import { parseExactJson, stringifyExactJson } from '../../src/api/exact-json.ts';
import { errorText } from '../../src/cli/error-text.ts';
import { deadlineHeader } from '../../src/cni/request.ts';
import { errorSchema } from '../../src/wire/shapes.ts';
import { CtlError } from './ctl-error.ts';
import type { Answer } from './source.ts';

/** A pass of the sweep over 100,000 records is the longest work that a person asks for. */
const timeoutMsDefault = 30_000;

/** A page of 1000 records has about 1 MiB; what is larger than this is not an answer of the agent. */
const bodyBytesMax = 64 * 1024 * 1024;

/** How a client talks. */
export interface AgentClientOptions {
  /** Milliseconds for a whole exchange, the agent's work included. @default 30_000 */
  readonly timeoutMs?: number;
  /** What else may be done when nobody answers, a sentence without its full stop. @default nothing */
  readonly awayHint?: string;
}

/** A request to the agent. */
export interface AgentRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Begins with `/v1/`; only characters that need no escape. */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

const notASocket = (path: string): string => `${path} is not a socket: name the agent's with --socket`;

const closedEarly = (path: string): string =>
  `the agent on ${path} closed the connection before it answered: was it stopped? Try again`;

/** What a failed system call means here, by its errno, and what to do about it. */
const awayMessages: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) =>
    `there is no socket ${path}: start spiderpool-agent on this host, or name its socket with --socket`,
  EACCES: (path) => `permission denied on ${path}: the socket is root's, run spiderpoolctl as root`,
  // A plain file answers like a socket whose process is gone.
  ECONNREFUSED: (path) =>
    `nobody listens on ${path}: is spiderpool-agent running? Start it, or name its socket with --socket`,
  // sun_path has 108 bytes (unix(7)).
  EINVAL: (path) => `${path} is too long for a socket (at most 107 bytes): name a shorter path with --socket`,
  ENOTDIR: notASocket,
  ENOTSOCK: notASocket,
  ECONNRESET: closedEarly,
  EPIPE: closedEarly,
};

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Speaks with the agent over its unix socket: one connection a request, with a deadline and a bound on the answer. */
export class AgentClient {
  readonly socketPath: string;
  readonly #timeoutMs: number;
  readonly #awayHint: string;

  constructor(socketPath: string, options: AgentClientOptions = {}) {
    this.socketPath = socketPath;
    this.#timeoutMs = options.timeoutMs ?? timeoutMsDefault;
    this.#awayHint = options.awayHint === undefined ? '' : `. ${options.awayHint}`;
  }

  /**
   * Sends a request and checks the answer.
   * @throws {CtlError} `CTL_REFUSED` with the agent's own message, `CTL_AGENT_AWAY` when nobody answers in time or what answers
   * is not an agent, `CTL_INTERRUPTED` when `signal` is aborted
   */
  async send<T>(asked: AgentRequest, schema: z.ZodType<T>, signal: AbortSignal): Promise<Answer<T>> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    let reply: Reply;
    try {
      reply = await this.#exchange(asked, AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (signal.aborted) throw new CtlError('CTL_INTERRUPTED', 'interrupted', { cause: error });
      if (error instanceof CtlError) throw error;
      const message = this.#awayMessage(error, deadline.aborted) + this.#awayHint;
      throw new CtlError('CTL_AGENT_AWAY', message, { cause: error });
    }
    return this.#check(asked, reply, schema);
  }

  async #exchange(asked: AgentRequest, signal: AbortSignal): Promise<Reply> {
    const body = asked.body === undefined ? '' : stringifyExactJson(asked.body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = request({
      socketPath: this.socketPath,
      // A connection of its own, closed with the answer: the process has nothing to wait for afterwards.
      agent: false,
      method: asked.method,
      path: asked.path + queryText(asked.query ?? {}),
      headers: {
        host: 'spiderpool-agent',
        accept: 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
        [deadlineHeader]: String(this.#timeoutMs),
      },
      signal,
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
    const response = await promise;
    return { status: response.statusCode ?? 0, text: await this.#readBody(response) };
  }

  async #readBody(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) throw this.#strangeAnswer(`its answer is larger than ${bodyBytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #check<T>(asked: AgentRequest, { status, text }: Reply, schema: z.ZodType<T>): Answer<T> {
    const body = parseBody(text);
    if (status !== 200) {
      const refusal = errorSchema.safeParse(body).data;
      if (refusal === undefined) {
        throw this.#strangeAnswer(`it answers ${asked.method} ${asked.path} with HTTP ${status}`);
      }
      throw new CtlError('CTL_REFUSED', `${errorText(refusal)} [code ${refusal.code}]`);
    }
    const checked = schema.safeParse(body);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      const where = issue === undefined ? '' : `: ${issue.path.join('.') || 'body'}: ${issue.message}`;
      throw this.#strangeAnswer(`it answers ${asked.method} ${asked.path} in an unknown shape${where}`);
    }
    return { body, value: checked.data };
  }

  #strangeAnswer(what: string): CtlError {
    return new CtlError(
      'CTL_AGENT_AWAY',
      `what listens on ${this.socketPath} is no agent of this version: ${what}. Compare "spiderpoolctl --version" with the agent's, or name another socket with --socket`,
    );
  }

  #awayMessage(error: unknown, timedOut: boolean): string {
    if (timedOut) {
      return `the agent on ${this.socketPath} gave no answer within ${this.#timeoutMs / 1000} s: look at its log for what keeps it busy, or restart it`;
    }
    const { code = '', message } = error as NodeJS.ErrnoException;
    const explain = Object.hasOwn(awayMessages, code) ? awayMessages[code] : undefined;
    if (explain !== undefined) return explain(this.socketPath);
    return `the agent on ${this.socketPath} can't be reached: ${message}. Is spiderpool-agent running, and --socket right?`;
  }
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function parseBody(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    // Not JSON is a shape that no answer has.
    return undefined;
  }
}
