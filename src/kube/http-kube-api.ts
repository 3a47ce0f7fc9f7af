import type { Dispatcher } from 'undici';
import { parseExactJson, stringifyExactJson } from '../api/exact-json.ts';
import { pause } from '../async/pause.ts';
import type { Connections } from './connections.ts';
import { Exchange } from './exchange.ts';
import { type Gate, GateFullError } from './gate.ts';
import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from './kube-api.ts';
import { answerFailure, brokenFailure } from './kube-failure.ts';
import type { KubeCredentials, Kubeconfig } from './kubeconfig.ts';
import { acceptedType, contentType } from './media-types.ts';
import { retryDelayMs } from './retry-delay.ts';
import { WatchStream } from './watch-stream.ts';

const tryTimeoutMsDefault = 10_000;
const retryForMsDefault = 15_000;

/** A page of 500 of the largest objects that etcd takes would have more, but none of ours is a hundredth of that. */
const answerBytesMax = 64 * 1024 * 1024;

/**
 * A watch ends after this time or up to twice as long; chance keeps all watches from coming back at once. It goes on over the same
 * connection.
 */
const watchSecondsMin = 180;

/** Names whose writes these are in `managedFields`; one for all, so that the list of them stays short. */
const fieldManager = 'spiderpool';

/** What an {@link HttpKubeApi} works with. */
export interface HttpKubeApiOptions {
  readonly config: Kubeconfig;
  readonly connections: Connections;
  /** Bounds the requests under way. */
  readonly requests: Gate;
  /** Bounds the watches that are open. */
  readonly watches: Gate;
  readonly userAgent: string;
  /** A watch that is silent for longer is cut. */
  readonly watchSilenceMsMax: number;
}

/** The API server over HTTP/1.1. */
export class HttpKubeApi implements KubeApi {
  readonly #options: HttpKubeApiOptions;
  readonly #closing = new AbortController();
  /** When anything was heard from the API server, by performance.now(). */
  #heardMs = 0;

  constructor(options: HttpKubeApiOptions) {
    this.#options = options;
  }

  async request(request: KubeRequest): Promise<unknown> {
    const endMs = performance.now() + (request.retryForMs ?? retryForMsDefault);
    let isRenewed = false;
    for (let failures = 0; ; failures += 1) {
      request.signal?.throwIfAborted();
      const credentials = await this.#credentials(request);
      try {
        return await this.#try(request, credentials);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        if (error.cause instanceof GateFullError || this.#closing.signal.aborted) throw error;
        if (error.status === 401 && !isRenewed) {
          isRenewed = true;
          this.#options.config.renew(credentials);
          continue;
        }
        const delayMs = retryDelayMs(error, request.method, failures, Math.random());
        if (delayMs === undefined || performance.now() + delayMs > endMs) throw error;
        await this.#pause(delayMs, request.signal);
      }
    }
  }

  async *watch(
    request: Pick<KubeRequest, 'path' | 'query' | 'view'> & { readonly signal: AbortSignal },
  ): AsyncGenerator<WatchEvent> {
    const named = { ...request, method: 'GET', query: watchQuery(request.query) } as const;
    const { signal } = request;
    signal.throwIfAborted();
    await this.#options.watches.enter(signal);
    try {
      for (let isRenewed = false; ; isRenewed = true) {
        const credentials = await this.#credentials(named);
        const stream = new WatchStream(named, this.#options.watchSilenceMsMax, signal, this.#closing.signal);
        try {
          await stream.open(
            this.#options.connections.with(credentials.tls),
            this.#dispatchOptions(named, credentials, true),
          );
          yield* stream.events();
          return;
        } catch (error) {
          if (isRenewed || !(error instanceof KubeError) || error.status !== 401) throw error;
          this.#options.config.renew(credentials);
        } finally {
          stream.close();
        }
      }
    } finally {
      this.#options.watches.leave();
    }
  }

  /** Cuts what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the client is closed'));
    await this.#options.connections[Symbol.asyncDispose]();
  }

  async #credentials(request: KubeRequest): Promise<KubeCredentials> {
    try {
      return await this.#options.config.credentials();
    } catch (error) {
      throw brokenFailure(request, error, false);
    }
  }

  async #try(request: KubeRequest, credentials: KubeCredentials): Promise<unknown> {
    const limitMs = request.tryTimeoutMs ?? tryTimeoutMsDefault;
    const startedMs = performance.now();
    const stop = new AbortController();
    const late = new Error(`no answer within ${limitMs} ms`);
    const timer = setTimeout(() => stop.abort(late), limitMs);
    const onAbort = (): void => stop.abort(request.signal?.reason);
    const onClose = (): void => stop.abort(this.#closing.signal.reason);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    this.#closing.signal.addEventListener('abort', onClose, { once: true });
    const exchange = new Exchange();
    let isInside = false;
    try {
      // Aborted while the credentials were read: then no listener was told.
      request.signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      await this.#options.requests.enter(stop.signal);
      isInside = true;
      const dispatcher = this.#options.connections.with(credentials.tls);
      const options = this.#dispatchOptions(request, credentials, false);
      const head = await exchange.start(dispatcher, options, stop.signal);
      this.#heardMs = performance.now();
      const body = await exchange.readAll(answerBytesMax);
      if (head.status < 200 || head.status > 299) throw answerFailure(request, head, body);
      return body.length === 0 ? undefined : parseExactJson(body.toString());
    } catch (error) {
      if (error instanceof KubeError) throw error;
      request.signal?.throwIfAborted();
      // Nothing at all came for the whole time: the other connections, which rest, are probably as dead as this one.
      if (error === late && exchange.isSent && this.#heardMs < startedMs) this.#options.connections.abandon();
      throw brokenFailure(request, error, exchange.isSent);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      this.#closing.signal.removeEventListener('abort', onClose);
      // undici uses a connection again one turn after its answer: until then the next request would open another.
      if (isInside) setImmediate(() => this.#options.requests.leave());
    }
  }

  #dispatchOptions(
    request: KubeRequest,
    credentials: KubeCredentials,
    isWatch: boolean,
  ): Dispatcher.DispatchOptions {
    const { origin, pathPrefix } = this.#options.config;
    const body = request.body === undefined ? undefined : stringifyExactJson(request.body);
    const headers: Record<string, string> = {
      ...credentials.headers,
      accept: acceptedType(request, isWatch),
      'user-agent': this.#options.userAgent,
    };
    if (body !== undefined) headers['content-type'] = contentType(request);
    const isWrite = request.method === 'PATCH' || request.method === 'POST' || request.method === 'PUT';
    const query = queryText(isWrite ? { fieldManager, ...request.query } : (request.query ?? {}));
    return {
      origin,
      method: request.method,
      path: `${pathPrefix}${request.path}${query}`,
      headers,
      ...(body === undefined ? {} : { body }),
    };
  }

  async #pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    const signals = [this.#closing.signal, ...(signal === undefined ? [] : [signal])];
    await pause(delayMs, AbortSignal.any(signals));
    signal?.throwIfAborted();
  }
}

function watchQuery(query: KubeRequest['query']): NonNullable<KubeRequest['query']> {
  const timeoutSeconds = watchSecondsMin + Math.floor(Math.random() * watchSecondsMin);
  return { ...query, watch: true, allowWatchBookmarks: true, timeoutSeconds };
}

function queryText(query: NonNullable<KubeRequest['query']>): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) given.append(key, String(value));
  }
  return given.size === 0 ? '' : `?${given.toString()}`;
}
