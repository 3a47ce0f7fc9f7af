import { waitOrAbort } from '../../../async/wait-or-abort.ts';
import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from '../../../kube/kube-api.ts';

/**
 * The API server as one process sees it that can be cut off from it, as by its death: what it sent is done or not, what it has
 * not sent never is. Counts requests.
 */
export class SeverableApi implements KubeApi {
  readonly #inner: KubeApi;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #cut = new AbortController();
  readonly counts = { reads: 0, writes: 0 };

  constructor(inner: KubeApi) {
    this.#inner = inner;
  }

  async request({ signal, ...request }: KubeRequest): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#cut.signal.aborted) throw new KubeError('cut off', { status: 0, fate: 'not-sent' });
    this.counts[request.method === 'GET' ? 'reads' : 'writes']++;
    const answer = this.#inner.request(request);
    this.#underWay.add(answer);
    const forget = (): boolean => this.#underWay.delete(answer);
    answer.then(forget, forget);
    return waitOrAbort(
      answer,
      signal === undefined ? this.#cut.signal : AbortSignal.any([signal, this.#cut.signal]),
    );
  }

  watch(): AsyncIterable<WatchEvent> {
    throw new Error('nothing watches blocks');
  }

  /** Cuts the process off; resolves when nothing that it sent can change anything any more. */
  async sever(): Promise<void> {
    this.#cut.abort(new KubeError('cut off', { status: 0, fate: 'unknown' }));
    await Promise.allSettled(this.#underWay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sever();
  }
}
