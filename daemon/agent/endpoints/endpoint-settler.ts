import type { SpiderEndpoint } from '../../../src/api/endpoint.ts';
import { nodeEndpointLabel } from '../../../src/api/names.ts';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import type { ObjectMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import type { PodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { buildEndpoint } from '../../../src/endpoints/build-endpoint.ts';
import { type EndpointKey, endpointName } from '../../../src/endpoints/endpoint-key.ts';
import type { TopControllers } from '../../../src/endpoints/top-controllers.ts';
import type { PoolCatalog } from '../../../src/ipam/pool.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import type { AnsweredRoutes } from './answered-routes.ts';
import { type EndpointStore, hasOriginalFinalizer, versionOf } from './endpoint-store.ts';
import { type WantedEndpoint, wantedEndpoint } from './wanted-endpoint.ts';

/** Somebody else changed an endpoint each time that it was written. */
export class EndpointContentionError extends Error {
  override readonly name = 'EndpointContentionError';
  readonly code = 'ENDPOINT_CONTENTION';
}

/** How often one endpoint is read again and written in one go; after that it waits its turn. */
const triesMax = 5;

export interface EndpointSettlerOptions {
  readonly store: EndpointStore;
  readonly controllers: TopControllers;
  readonly answered: AnsweredRoutes;
  readonly nodeName: string;
  readonly nodeHash: string;
  /** All records of this node; undefined while they are not known. */
  readonly records: () => readonly AllocationRecord[] | undefined;
  readonly catalog: () => PoolCatalog;
  readonly pod: (namespace: string, name: string) => PodView | undefined;
  /** The endpoint as the watch of this node's endpoints shows it. */
  readonly seen: (key: EndpointKey) => Pick<ObjectMetadata, 'resourceVersion'> | undefined;
}

/** Makes one endpoint what the records say. */
export class EndpointSettler {
  readonly #options: EndpointSettlerOptions;
  /** Endpoints as they were last written or found right: one for each pod of this node. */
  readonly #written = new Map<EndpointKey, SpiderEndpoint>();

  constructor(options: EndpointSettlerOptions) {
    this.#options = options;
  }

  /** Keys of the endpoints that stand as they should, as far as is known. */
  get keys(): Iterable<EndpointKey> {
    return this.#written.keys();
  }

  /** The watch showed another state of an endpoint, or its end. Whether it is one that was not written here. */
  noticed(key: EndpointKey, resourceVersion: string | undefined): boolean {
    const written = this.#written.get(key);
    if (resourceVersion === undefined) return this.#written.delete(key);
    return written?.metadata.resourceVersion !== resourceVersion;
  }

  /**
   * Costs nothing when the endpoint stands as it should.
   *
   * @returns `wait` when something is not known yet
   * @throws KubeError or EndpointContentionError when it can't be done now, or the signal's reason
   */
  async settle(key: EndpointKey, signal: AbortSignal): Promise<'done' | 'wait'> {
    const { nodeName, pod } = this.#options;
    const records = this.#options.records();
    if (records === undefined) return 'wait';
    const wanted = wantedEndpoint(key, { nodeName, records, pod });
    switch (wanted.action) {
      case 'wait':
        return 'wait';
      case 'keep':
        return 'done';
      case 'remove':
        await this.#remove(key, signal);
        return 'done';
      case 'write':
        await this.#write(key, wanted, signal);
        return 'done';
    }
  }

  async #write(
    key: EndpointKey,
    { pod, uid, records }: Extract<WantedEndpoint, { action: 'write' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, controllers, answered, nodeName, nodeHash, catalog, seen } = this.#options;
    const name = endpointName(key);
    const controller = await controllers.of(pod, signal);
    const parts = {
      name,
      pod,
      nodeName,
      nodeHash,
      records,
      controller,
      catalog: catalog(),
      answered: (nic: string) => answered.of(uid, nic),
    };
    // Nothing is read for a pod that has just come.
    const known = this.#known(key);
    let standing = known ?? (seen(key) && (await store.read(name, signal)));
    for (let tries = 0; tries < triesMax; tries += 1) {
      if (standing?.metadata.deletionTimestamp !== undefined && hasOriginalFinalizer(standing.metadata)) {
        await store.stripFinalizer(standing, signal);
        standing = await store.read(name, signal);
      }
      const now = await this.#put(buildEndpoint(parts, standing), standing, signal);
      if (now !== undefined) {
        const former = standing?.status?.current.uid;
        if (former !== undefined && former !== pod.uid) answered.forget(former);
        this.#written.set(key, now);
        return;
      }
      standing = await store.read(name, signal);
    }
    throw new EndpointContentionError(`endpoint ${key} changes all the time`);
  }

  /** @returns undefined when another state stands by now */
  async #put(
    built: SpiderEndpoint,
    standing: SpiderEndpoint | undefined,
    signal: AbortSignal,
  ): Promise<SpiderEndpoint | undefined> {
    const { store } = this.#options;
    if (standing === undefined) return store.create(built, signal);
    return structurallyEqual(built, standing) ? standing : store.replace(built, signal);
  }

  async #remove(key: EndpointKey, signal: AbortSignal): Promise<void> {
    const { store, answered } = this.#options;
    const name = endpointName(key);
    const former = this.#written.get(key)?.status?.current.uid;
    if (former !== undefined) answered.forget(former);
    let standing = this.#known(key) ?? (await store.read(name, signal));
    for (let tries = 0; standing !== undefined && this.#isOwn(standing); tries += 1) {
      if (tries === triesMax) throw new EndpointContentionError(`endpoint ${key} changes all the time`);
      const bare = hasOriginalFinalizer(standing.metadata)
        ? await store.stripFinalizer(standing, signal)
        : standing;
      const version = bare && versionOf(bare.metadata);
      if (version !== undefined && (await store.remove(name, version, signal))) break;
      standing = await store.read(name, signal);
    }
    this.#written.delete(key);
  }

  /** What stands, without reading it: what was written here, unless the watch shows another state. */
  #known(key: EndpointKey): SpiderEndpoint | undefined {
    const written = this.#written.get(key);
    const seen = this.#options.seen(key);
    if (seen === undefined || seen.resourceVersion === written?.metadata.resourceVersion) return written;
    return undefined;
  }

  /** Whether this node's agent wrote an endpoint, or the original's on this node. */
  #isOwn({ metadata, status }: SpiderEndpoint): boolean {
    const { nodeName, nodeHash } = this.#options;
    return metadata.labels?.[nodeEndpointLabel] === nodeHash || status?.current.node === nodeName;
  }
}
