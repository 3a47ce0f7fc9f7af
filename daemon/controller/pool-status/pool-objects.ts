import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { isEarlier } from '../../../src/ledger/blocks/block.ts';
import type { Mirror } from '../leader/leader-view.ts';
import { type PoolView, parsePoolView } from '../leader/pool-view.ts';

/** One for all writes of statuses: each manager of a field is an entry in every object's managedFields. */
const fieldManager = 'spiderpool-controller';

/** The pools of the API server, as far as the leader changes them. What it has written itself it knows before the watch tells. */
export class PoolObjects {
  readonly #api: KubeApi;
  readonly #mirror: Mirror<PoolView>;
  /** By name; what came back from writes of which the watch has not told yet. */
  readonly #written = new Map<string, PoolView>();

  constructor(api: KubeApi, mirror: Mirror<PoolView>) {
    this.#api = api;
    this.#mirror = mirror;
  }

  /** The newest that is known of a pool. */
  get(name: string): PoolView | undefined {
    const mirrored = this.#mirror.items.get(name);
    const written = this.#written.get(name);
    if (written === undefined || mirrored === undefined) {
      this.#written.delete(name);
      return mirrored;
    }
    const isNewer =
      written.uid === mirrored.uid && isEarlier(mirrored.resourceVersion, written.resourceVersion);
    if (!isNewer) this.#written.delete(name);
    return isNewer ? written : mirrored;
  }

  /** Changes the status of a pool that still is as it was read. @returns the pool as it is then; undefined when it is gone @throws KubeError */
  async patchStatus(pool: PoolView, status: object, signal: AbortSignal): Promise<PoolView | undefined> {
    return this.#patch(pool, '/status', { status }, signal);
  }

  /** Changes metadata of a pool that still is as it was read. @returns the pool as it is then; undefined when it is gone @throws KubeError */
  async patchMetadata(pool: PoolView, metadata: object, signal: AbortSignal): Promise<PoolView | undefined> {
    return this.#patch(pool, '', { metadata }, signal);
  }

  async #patch(
    { name, resourceVersion }: PoolView,
    subresource: '' | '/status',
    change: { readonly metadata?: object; readonly status?: object },
    signal: AbortSignal,
  ): Promise<PoolView | undefined> {
    try {
      const answer = await this.#api.request({
        method: 'PATCH',
        path: `${resourcePath(kubeResources.pools, { name })}${subresource}`,
        query: { fieldManager },
        body: { ...change, metadata: { ...change.metadata, resourceVersion } },
        signal,
        retryForMs: 0,
      });
      const written = parsePoolView(answer);
      this.#written.set(name, written);
      return written;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }
}
