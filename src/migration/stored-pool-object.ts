import { type AllocatedIps, parseAllocatedIps } from '../api/allocated-ips.ts';
import { isObject } from '../api/decode.ts';
import { blocksLedger, ledgerAnnotation } from '../api/names.ts';
import { parseMetadata } from '../cluster/kubernetes/object-metadata.ts';
import { isNotFound } from '../cluster/kubernetes/read-object.ts';
import { readStoredPool, type StoredPool } from '../cluster/kubernetes/stored-pool.ts';
import { type KubeApi, KubeError } from '../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import { listPages } from './list-pages.ts';

/** Pools of a page: each may have the 1.5 MiB that etcd takes, and an answer may have 64 MiB. */
const pageLimit = 40;

/** What a migration reads of a SpiderIPPool. */
export interface StoredPoolObject {
  readonly name: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
  /** It says that its records are in blocks. */
  readonly isOurs: boolean;
  /** `status.allocatedIPs`. */
  readonly allocated: AllocatedIps;
  /** The pool as decisions use it, or why they can't. */
  readonly stored: StoredPool;
  /** Length of the object as JSON, without `status.allocatedIPs`. */
  readonly restLength: number;
}

/** All pools of one state of the store, a page at a time. @throws KubeError, or the signal's reason */
export async function* listPools(
  api: KubeApi,
  signal: AbortSignal,
): AsyncGenerator<StoredPoolObject, void, undefined> {
  const path = resourcePath(kubeResources.pools);
  for await (const items of listPages(api, { path, limit: pageLimit, signal }))
    yield* items.map(parsePoolObject);
}

/** One pool by a quorum read; undefined when there is none. @throws KubeError, or the signal's reason */
export async function readPool(
  api: KubeApi,
  name: string,
  signal: AbortSignal,
): Promise<StoredPoolObject | undefined> {
  try {
    const path = resourcePath(kubeResources.pools, { name });
    return parsePoolObject(await api.request({ method: 'GET', path, signal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Says whose records count for a pool, if it still is as it was read.
 *
 * @returns false when it was changed since, is gone, or it is not known what became of the write: it is to be read again
 * @throws KubeError when it is refused, or the API server is away; the signal's reason
 */
export async function markPool(
  api: KubeApi,
  { name, resourceVersion }: Pick<StoredPoolObject, 'name' | 'resourceVersion'>,
  ledger: typeof blocksLedger | null,
  signal: AbortSignal,
): Promise<boolean> {
  return guarded(
    api.request({
      method: 'PATCH',
      path: resourcePath(kubeResources.pools, { name }),
      body: { metadata: { resourceVersion, annotations: { [ledgerAnnotation]: ledger } } },
      signal,
    }),
  );
}

/** Whether a write on condition was done; false when it has to be decided anew. */
export async function guarded(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    const isOpen =
      error instanceof KubeError &&
      (error.fate === 'unknown' || error.status === 409 || error.status === 404);
    if (isOpen) return false;
    throw error;
  }
}

function parsePoolObject(object: unknown): StoredPoolObject {
  const { name, resourceVersion, generation, annotations } = parseMetadata(object);
  const { status, ...rest } = isObject(object) ? object : {};
  const { allocatedIPs, ...counts } = isObject(status) ? status : {};
  return {
    name,
    resourceVersion,
    generation,
    isOurs: annotations[ledgerAnnotation] === blocksLedger,
    allocated: parseAllocatedIps(typeof allocatedIPs === 'string' ? allocatedIPs : undefined),
    stored: readStoredPool(object),
    restLength: JSON.stringify({ ...rest, status: counts }, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    ).length,
  };
}
