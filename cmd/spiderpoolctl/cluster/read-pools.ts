import { isObject } from '../../../src/api/decode.ts';
import { readStoredPool } from '../../../src/cluster/kubernetes/stored-pool.ts';
import { type StoredPools, storedCatalog } from '../../../src/cluster/kubernetes/stored-pools.ts';
import {
  readStoredReservedIp,
  type StoredReservedIp,
} from '../../../src/cluster/kubernetes/stored-reserved-ip.ts';
import type { PoolCatalog } from '../../../src/ipam/pool.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { continueOf, itemsOf, objectKey } from '../../../src/kube/list-objects.ts';
import { type KubeResource, kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { restarting } from '../../../src/ledger/blocks/block-api.ts';

/** Objects in a page: a pool of the original may have a megabyte of records. */
const pageLimit = 50;

/** The pools of a cluster at one moment. */
export interface ReadPools {
  readonly stored: StoredPools;
  readonly reserved: readonly StoredReservedIp[];
  readonly catalog: PoolCatalog;
}

/** Reads all pools and reserved addresses. @throws KubeError, MalformedObjectError, the signal's reason */
export async function readPools(api: KubeApi, signal: AbortSignal): Promise<ReadPools> {
  const [pools, reserved] = await Promise.all([
    readAll(
      api,
      kubeResources.pools,
      signal,
      (object) => [objectKey(object), readStoredPool(object)] as const,
    ),
    readAll(api, kubeResources.reservedIps, signal, readStoredReservedIp),
  ]);
  const stored = new Map(pools);
  return { stored, reserved, catalog: storedCatalog(stored, reserved) };
}

/** Each object is projected at once: only a page of whole ones is held. */
async function readAll<T>(
  api: KubeApi,
  resource: KubeResource,
  signal: AbortSignal,
  parse: (object: unknown) => T,
): Promise<readonly T[]> {
  return restarting(async () => {
    const all: T[] = [];
    let token: string | undefined;
    do {
      const list = await api.request({
        method: 'GET',
        path: resourcePath(resource),
        query: { limit: pageLimit, continue: token },
        signal,
      });
      for (const item of itemsOf(list)) if (isObject(item)) all.push(parse(item));
      token = continueOf(list);
    } while (token !== undefined);
    return all;
  });
}
