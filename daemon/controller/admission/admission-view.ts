import { isObject } from '../../../src/api/decode.ts';
import { parsePool, parseSubnet } from '../../../src/api/parse-resource.ts';
import type { ObjectMeta, SpiderIPPool, SpiderSubnet } from '../../../src/api/resources.ts';
import { parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { Reflector } from '../../../src/kube/reflector.ts';
import { type KubeResource, kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { NotNowError } from './not-now-error.ts';

/** Objects that are read again for one answer. Whoever meets more of them is refused by what the watch says. */
const rereadMax = 16;
/** A second look is worth a moment, not the API server's patience with the webhook. */
const rereadForMs = 1_000;

/** Pools and subnets of the cluster as admission compares them, kept up to date by watches. Every replica has its own. */
export class AdmissionView {
  readonly #api: KubeApi;
  readonly #log: Logger;
  readonly #pools: Reflector<SpiderIPPool>;
  readonly #subnets: Reflector<SpiderSubnet>;

  constructor({ api, log }: { readonly api: KubeApi; readonly log: Logger }) {
    this.#api = api;
    this.#log = log;
    this.#pools = new Reflector({
      api,
      log,
      name: 'pools for admission',
      path: resourcePath(kubeResources.pools),
      parse: (object) => this.#unchangedPool(object) ?? readPool(object),
      keyOf: ({ metadata }) => metadata.name,
    });
    this.#subnets = new Reflector({
      api,
      log,
      name: 'subnets for admission',
      path: resourcePath(kubeResources.subnets),
      parse: readSubnet,
      keyOf: ({ metadata }) => metadata.name,
    });
  }

  /** Watches until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#pools.run(signal), this.#subnets.run(signal)]);
  }

  /** What has not been read yet, in words. */
  get unread(): readonly string[] {
    return [
      ...(this.#pools.isSynced ? [] : ['SpiderIPPools']),
      ...(this.#subnets.isSynced ? [] : ['SpiderSubnets']),
    ];
  }

  /** @throws NotNowError when they have not been read yet */
  pools(): Iterable<SpiderIPPool> {
    if (!this.#pools.isSynced) throw notYet('SpiderIPPools');
    return this.#pools.items.values();
  }

  /** @throws NotNowError when they have not been read yet */
  subnets(): Iterable<SpiderSubnet> {
    if (!this.#subnets.isSynced) throw notYet('SpiderSubnets');
    return this.#subnets.items.values();
  }

  /** The subnet of this name, read from the API server when the watch has not told of it; undefined when there is none. */
  async subnet(name: string, signal: AbortSignal): Promise<SpiderSubnet | undefined> {
    const known = this.#subnets.items.get(name);
    return known ?? this.#read(kubeResources.subnets, name, readSubnet, signal);
  }

  /**
   * Pools of the watch as the API server has them now, without those that are gone: a watch may lag, and nothing is refused because
   * of what is no longer there. What can't be read stays as it is.
   */
  async rereadPools(pools: readonly SpiderIPPool[], signal: AbortSignal): Promise<readonly SpiderIPPool[]> {
    return this.#reread(pools, ({ name }) => this.#read(kubeResources.pools, name, readPool, signal));
  }

  /** As {@link rereadPools}. */
  async rereadSubnets(
    subnets: readonly SpiderSubnet[],
    signal: AbortSignal,
  ): Promise<readonly SpiderSubnet[]> {
    return this.#reread(subnets, ({ name }) => this.#read(kubeResources.subnets, name, readSubnet, signal));
  }

  async #reread<T extends { readonly metadata: ObjectMeta }>(
    objects: readonly T[],
    read: (metadata: ObjectMeta) => Promise<T | undefined>,
  ): Promise<readonly T[]> {
    if (objects.length > rereadMax) return objects;
    const fresh = await Promise.all(
      objects.map(async (object) => {
        try {
          return await read(object.metadata);
        } catch (error) {
          this.#log.debug({ err: error, name: object.metadata.name }, 'object could not be read again');
          return object;
        }
      }),
    );
    return fresh.filter((object) => object !== undefined);
  }

  async #read<T>(
    resource: KubeResource,
    name: string,
    parse: (object: unknown) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      const path = resourcePath(resource, { name });
      const timing = { tryTimeoutMs: rereadForMs, retryForMs: 0 };
      return parse(await this.#api.request({ method: 'GET', path, signal, ...timing }));
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** What is kept of a pool of which only the status was written: the same object, whose texts need not be read again. */
  #unchangedPool(object: unknown): SpiderIPPool | undefined {
    const { name, uid, generation, deleting } = parseMetadata(object);
    const known = this.#pools.items.get(name);
    if (known === undefined || generation === undefined) return undefined;
    const { metadata } = known;
    const isSame = metadata.uid === uid && metadata.generation === generation;
    return isSame && (metadata.deletionTimestamp !== undefined) === deleting ? known : undefined;
  }
}

function readPool(object: unknown): SpiderIPPool | undefined {
  const outcome = parsePool(withoutStatus(object));
  return outcome.ok ? { ...outcome.resource, metadata: identityOf(outcome.resource.metadata) } : undefined;
}

function readSubnet(object: unknown): SpiderSubnet | undefined {
  const { controlledIPPools } = statusOf(object);
  const outcome = parseSubnet(withoutStatus(object));
  if (!outcome.ok) return undefined;
  return {
    ...outcome.resource,
    metadata: identityOf(outcome.resource.metadata),
    ...(typeof controlledIPPools === 'string' && { status: { controlledIPPools } }),
  };
}

/** Annotations may hold the whole manifest, and nobody compares them. */
function identityOf({ name, uid, generation, deletionTimestamp }: ObjectMeta): ObjectMeta {
  return {
    name,
    ...(uid !== undefined && { uid }),
    ...(generation !== undefined && { generation }),
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  };
}

function withoutStatus(object: unknown): unknown {
  if (!isObject(object)) return object;
  const { status: _status, ...rest } = object;
  return rest;
}

function statusOf(object: unknown): Readonly<Record<string, unknown>> {
  return isObject(object) && isObject(object['status']) ? object['status'] : {};
}

function notYet(what: string): NotNowError {
  return new NotNowError(
    `spiderpool-controller has not read the ${what} yet: try again in a few seconds, and look at its log if that does not help`,
  );
}
