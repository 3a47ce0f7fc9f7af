import { isObject } from '../api/decode.ts';
import { endpointFinalizer } from '../api/names.ts';
import { parseMetadata } from '../cluster/kubernetes/object-metadata.ts';
import { isNotFound } from '../cluster/kubernetes/read-object.ts';
import { type KubeApi, KubeError } from '../kube/kube-api.ts';
import { type KubeResource, kubeResources, resourcePath } from '../kube/resource-path.ts';
import { listPages } from './list-pages.ts';
import type { MigrationProgress } from './migration-report.ts';

/** Objects in a page, of which only the metadata is read. */
const pageLimit = 500;
/** Objects that are written at once. */
const writesAtOnce = 16;
/** How often an object is read again that others change; an agent may be writing it. */
const triesMax = 5;

interface SetFinalizersOptions {
  /** Of whose objects; the finalizer is the same everywhere. @default SpiderEndpoints */
  readonly resource?: KubeResource;
  /** Put on, or taken off. */
  readonly present: boolean;
  readonly dryRun: boolean;
  readonly onProgress?: (progress: MigrationProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Puts the original's finalizer on all objects of a kind, or takes it off all, other finalizers left as they are.
 *
 * @returns how many were changed, or would be
 * @throws KubeError, or the signal's reason
 */
export async function setFinalizers(api: KubeApi, options: SetFinalizersOptions): Promise<number> {
  const { dryRun, onProgress, present, resource = kubeResources.endpoints, signal } = options;
  let changed = 0;
  const path = resourcePath(resource);
  for await (const items of listPages(api, { path, limit: pageLimit, view: 'metadata', signal })) {
    // What is being deleted takes no new finalizer.
    const queue = items.filter(
      (item) => hasFinalizer(item) !== present && !(present && parseMetadata(item).deleting),
    );
    if (dryRun) {
      changed += queue.length;
      continue;
    }
    const worker = async (): Promise<void> => {
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
        if (!(await setFinalizer(api, item, options))) continue;
        changed++;
        if (changed % 100 === 0) onProgress?.({ phase: 'endpoints', done: changed });
      }
    };
    await Promise.all(Array.from({ length: writesAtOnce }, worker));
  }
  return changed;
}

/**
 * Puts the finalizer on one object, or takes it off.
 *
 * @param listed as it was read
 * @returns false when it is gone, or as it should be already
 * @throws KubeError, or the signal's reason
 */
export async function setFinalizer(
  api: KubeApi,
  listed: unknown,
  {
    present,
    resource = kubeResources.endpoints,
    signal,
  }: Pick<SetFinalizersOptions, 'present' | 'resource' | 'signal'>,
): Promise<boolean> {
  const { namespace, name } = parseMetadata(listed);
  const path = resourcePath(resource, { name, ...(namespace !== '' && { namespace }) });
  let item = listed;
  for (let tries = 1; ; tries++) {
    if (hasFinalizer(item) === present) return tries > 1;
    const { uid, resourceVersion } = parseMetadata(item);
    const others = finalizersOf(item).filter((one) => one !== endpointFinalizer);
    const after = present ? [...others, endpointFinalizer] : others;
    const body = [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/metadata/finalizers', value: after },
    ];
    try {
      await api.request({ method: 'PATCH', patchType: 'json', path, body, view: 'metadata', signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      const isOpen =
        error instanceof KubeError && (error.fate === 'unknown' || [409, 422].includes(error.status));
      if (!isOpen || tries === triesMax) throw error;
    }
    try {
      item = await api.request({ method: 'GET', path, view: 'metadata', signal });
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }
}

function finalizersOf(object: unknown): readonly unknown[] {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const finalizers = isObject(metadata) ? metadata['finalizers'] : undefined;
  return Array.isArray(finalizers) ? finalizers : [];
}

function hasFinalizer(object: unknown): boolean {
  return finalizersOf(object).includes(endpointFinalizer);
}
