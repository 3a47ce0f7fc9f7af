import { parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { type KubeResource, resourcePath } from '../../../src/kube/resource-path.ts';
import { type Attempt, persist } from '../persist.ts';
import { done, patience, type UninstallContext } from './uninstall-context.ts';

export interface DeleteOptions {
  readonly resource: KubeResource;
  readonly namespace?: string;
  readonly name: string;
  /** The object as messages name it: `Lease spiderpool/a`. */
  readonly what: string;
  /** Why the object has to stay, in words that follow its name; undefined when it may go. @default it may */
  readonly keeps?: (object: unknown) => string | undefined;
}

/**
 * Deletes one object as it was read, so that nothing goes that somebody has made anew, and tells what came of it.
 *
 * @throws CommandFailedError, or KubeError when the API server refuses for good
 */
export async function deleteObject(context: UninstallContext, options: DeleteOptions): Promise<void> {
  const { resource, namespace, name, what, keeps } = options;
  const { api, dryRun, report } = context;
  const path = resourcePath(resource, { name, ...(namespace !== undefined && { namespace }) });
  await persist(patience(context, `deleting ${what}`), async (signal): Promise<Attempt<void>> => {
    try {
      const object = await api.request({ method: 'GET', path, signal });
      const reason = keeps?.(object);
      if (reason !== undefined) {
        report(`${what}: left, ${reason}`);
        return { done: undefined };
      }
      const { uid } = parseMetadata(object);
      const body = { preconditions: { uid } };
      if (!dryRun) await api.request({ method: 'DELETE', path, body, signal });
      report(`${what}: ${done(context, 'deleted')}`);
    } catch (error) {
      // An API server that does not know the kind has no such object either.
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
    }
    return { done: undefined };
  });
}
