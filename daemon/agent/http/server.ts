import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { errorObject } from '../../../src/cni/compose-error.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { deadlineHeader } from '../../../src/cni/request.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { refuseClient } from '../../process/http/client-error.ts';
import { HttpError } from '../../process/http/http-error.ts';
import { sendReply } from '../../process/http/send-reply.ts';
import { readJsonBody } from './body.ts';
import type { Reply } from './message.ts';
import type { Router } from './router.ts';

/** Connections at most. Runtimes open one a call; far more than any node has pods is a fault of somebody. */
const connectionsMax = 4096;

/** Requests under way at most; a further one is told to come again (503). */
const requestsMax = 2048;

/**
 * A client must have sent its headers, and then its whole body, within these times. They are long: on a node that starts hundreds of pods
 * both sides get the processor late, and a request that is refused for that is a pod that waits for its next try.
 */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 30_000;

/** How often the two times are looked at. */
const timeoutCheckMs = 1_000;

/** An idle connection is closed after this time. */
const keepAliveMs = 5_000;

/** The longest time that a client may ask the agent to work for it, and what holds when it says nothing. */
const deadlineMsMax = 100_000;

/** Serves the routes over any kind of listener, with limits on everything that a client controls. */
export class HttpServer {
  readonly server: Server;
  readonly #router: Router;
  readonly #log: Logger;
  /** One for each request under way. Plain controllers and a timer each: joined signals outlive their request. */
  readonly #underWay = new Set<AbortController>();
  #served = 0;
  #drained: (() => void) | undefined;

  constructor(router: Router, log: Logger) {
    this.#router = router;
    this.#log = log;
    this.server = createServer(
      {
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveMs,
        connectionsCheckingInterval: timeoutCheckMs,
      },
      (message, response) => void this.#serve(message, response),
    );
    this.server.maxConnections = connectionsMax;
    this.server.setTimeout(deadlineMsMax);
    this.server.on('clientError', refuseClient);
  }

  /** Requests that came in so far, and those that wait for their answer. */
  get activity(): { readonly served: number; readonly underWay: number } {
    return { served: this.#served, underWay: this.#underWay.size };
  }

  /** Takes no new requests, lets those under way finish for `graceMs`, then ends the rest. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    if (this.#underWay.size > 0) await this.#drain(graceMs);
    for (const request of this.#underWay) request.abort(new HttpError(503, 'the agent is shutting down'));
    this.server.closeAllConnections();
    await closed;
  }

  #drain(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    this.#underWay.add(controller);
    this.#served += 1;
    response.once('close', () => {
      if (!response.writableFinished) controller.abort(new HttpError(499, 'the client is gone'));
    });
    const expire = (): void => controller.abort(new HttpError(504, 'the deadline has passed'));
    const deadline = setTimeout(expire, deadlineMs(message));
    try {
      sendReply(message, response, await this.#answer(message, controller.signal));
    } catch (error) {
      sendReply(message, response, this.#refusal(error, message));
    } finally {
      clearTimeout(deadline);
      this.#underWay.delete(controller);
      if (this.#underWay.size === 0) this.#drained?.();
    }
  }

  async #answer(message: IncomingMessage, signal: AbortSignal): Promise<Reply> {
    if (this.#underWay.size > requestsMax)
      throw new HttpError(503, `more than ${requestsMax} requests are under way`);
    const url = new URL(message.url ?? '/', 'http://agent');
    const { handler, parameter } = this.#router.match(message.method ?? '', url.pathname);
    const body = await readJsonBody(message);
    return handler({
      path: url.pathname,
      parameter,
      query: url.searchParams,
      body,
      wantsText: prefersText(message.headers.accept),
      signal,
    });
  }

  #refusal(error: unknown, message: IncomingMessage): Reply {
    if (error instanceof HttpError) return jsonReply(error.status, refusalBody(error, message.url ?? ''));
    this.#log.error({ err: error, method: message.method, path: message.url }, 'request failed unexpectedly');
    return jsonReply(500, { code: 500, msg: 'internal error of the agent; its log has the details' });
  }
}

/** What a refusal of the HTTP layer says: to the plugin, which prints it, a CNI error object, and to people the status. */
function refusalBody({ status, message: msg }: HttpError, path: string): object {
  if (!path.startsWith('/v1/cni/')) return { code: status, msg };
  const code = status === 503 || status === 504 ? CniCode.tryAgainLater : CniCode.decodingFailure;
  return errorObject(new CniError(code, msg));
}

/** An answer with this value as JSON. */
export function jsonReply(status: number, value: unknown): Reply {
  return { status, body: JSON.stringify(value) };
}

function deadlineMs(message: IncomingMessage): number {
  const asked = Number(message.headers[deadlineHeader]);
  return Number.isFinite(asked) && asked > 0 ? Math.min(asked, deadlineMsMax) : deadlineMsMax;
}

function prefersText(accept: string | undefined): boolean {
  return accept !== undefined && accept.includes('text/plain') && !accept.includes('application/json');
}
