import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from '../../../src/kube/kube-api.ts';

/** What a {@link LimitedKubeApi} does not let through. */
export interface KubeLimits {
  /** Requests are tried again for at most so long, in milliseconds. @default what each asks for */
  readonly retryForMsMax?: number;
  /** Nothing may be written. @default false */
  readonly readOnly?: boolean;
}

/** An API server for somebody who waits or who only looks. */
export class LimitedKubeApi implements KubeApi {
  readonly #api: KubeApi;
  readonly #limits: KubeLimits;

  constructor(api: KubeApi, limits: KubeLimits) {
    this.#api = api;
    this.#limits = limits;
  }

  async request(request: KubeRequest): Promise<unknown> {
    const { retryForMsMax, readOnly = false } = this.#limits;
    if (readOnly && request.method !== 'GET') {
      const message = `${request.method} ${request.path} is not sent: this only looks`;
      throw new KubeError(message, { status: 0, fate: 'not-sent' });
    }
    if (retryForMsMax === undefined) return this.#api.request(request);
    const retryForMs = Math.min(request.retryForMs ?? retryForMsMax, retryForMsMax);
    return this.#api.request({ ...request, retryForMs });
  }

  watch(
    request: Pick<KubeRequest, 'path' | 'query' | 'view'> & { readonly signal: AbortSignal },
  ): AsyncIterable<WatchEvent> {
    return this.#api.watch(request);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#api[Symbol.asyncDispose]();
  }
}
