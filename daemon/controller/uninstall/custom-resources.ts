import { isObject } from '../../../src/api/decode.ts';
import { apiGroup } from '../../../src/api/names.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { itemsOf, objectKey } from '../../../src/kube/list-objects.ts';
import { type KubeResource, kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { setFinalizers } from '../../../src/migration/endpoint-finalizers.ts';
import { type Attempt, persist } from '../persist.ts';
import { deleteObject } from './delete-object.ts';
import { done, patience, type UninstallContext } from './uninstall-context.ts';

/** Progress in a long list is told every so many objects. */
const progressStep = 1_000;
/** Objects that a message names. */
const namedMax = 3;

/** The kinds that are this project's, records last: whoever is interrupted never has pools without their records. */
const kinds: readonly { readonly kind: string; readonly resource: KubeResource }[] = [
  { kind: 'SpiderIPPool', resource: kubeResources.pools },
  { kind: 'SpiderSubnet', resource: kubeResources.subnets },
  { kind: 'SpiderReservedIP', resource: kubeResources.reservedIps },
  { kind: 'SpiderEndpoint', resource: kubeResources.endpoints },
  { kind: 'SpiderIPBlock', resource: kubeResources.blocks },
];

/** Kinds of the same group that only the original has. */
const originalPlurals = ['spidermultusconfigs', 'spidercoordinators', 'spiderclaimparameters'] as const;

/**
 * Takes the finalizer off all objects that may have it, so that whoever deletes one later, or its CRD, waits for nobody. One that is being
 * deleted already goes by that.
 *
 * @throws CommandFailedError, or KubeError when the API server refuses for good
 */
export async function releaseObjects(context: UninstallContext): Promise<void> {
  const { api, dryRun, report } = context;
  for (const { kind, resource } of kinds) {
    if (resource === kubeResources.blocks) continue;
    let told = 0;
    const onProgress = (count: number): void => {
      if (count < told + progressStep) return;
      told = count;
      report(`${kind}: finalizers taken off ${count}`);
    };
    let released = 0;
    await persist(
      patience(context, `taking finalizers off ${kind}s`),
      async (signal): Promise<Attempt<void>> => {
        try {
          const before = released;
          released += await setFinalizers(api, {
            resource,
            present: false,
            dryRun,
            signal,
            onProgress: ({ done: count }) => onProgress(before + count),
          });
        } catch (error) {
          if (!(error instanceof KubeError) || error.status !== 404) throw error;
        }
        return { done: undefined };
      },
    );
    if (released > 0) report(`${kind}: finalizer ${done(context, `taken off ${released}`)}`);
  }
}

/**
 * Deletes the CRDs of our kinds, with which the API server deletes all their objects, and waits until they are gone. Nothing of another kind
 * is touched.
 *
 * @throws CommandFailedError that names what keeps an object, or KubeError when the API server refuses for good
 */
export async function deleteData(context: UninstallContext): Promise<void> {
  for (const { kind, resource } of kinds) {
    const count = await countObjects(context, resource);
    const name = definitionName(resource.plural);
    const what = `CRD ${name}${count === undefined ? '' : ` with ${count} ${kind}s`}`;
    await deleteObject(context, { resource: kubeResources.definitions, name, what });
    if (context.dryRun) continue;
    const advice = 'Take off the finalizers of others (kubectl edit), then run this again';
    await persist(patience(context, `deleting all ${kind}s`, advice), async (signal) =>
      goneOr(context.api, resource, kind, signal),
    );
  }
  await tellWhatStays(context);
}

async function goneOr(
  api: KubeApi,
  resource: KubeResource,
  kind: string,
  signal: AbortSignal,
): Promise<Attempt<void>> {
  try {
    const path = resourcePath(kubeResources.definitions, { name: definitionName(resource.plural) });
    await api.request({ method: 'GET', path, view: 'metadata', signal });
    const list = await readFirst(api, resource, signal);
    const left = itemsOf(list).map((item) => `${objectKey(item)}${finalizersText(item)}`);
    if (left.length === 0) return { waitsFor: `the API server deletes the CRD of ${kind}` };
    return { waitsFor: `there are ${kind}s still: ${left.join(', ')}` };
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return { done: undefined };
    throw error;
  }
}

/** How many objects there are; undefined without the CRD. */
async function countObjects(context: UninstallContext, resource: KubeResource): Promise<number | undefined> {
  return persist(
    patience(context, `counting ${resource.plural}`),
    async (signal): Promise<Attempt<number | undefined>> => {
      try {
        const list = await readFirst(context.api, resource, signal);
        const metadata = isObject(list) ? list['metadata'] : undefined;
        const rest = isObject(metadata) ? metadata['remainingItemCount'] : undefined;
        return { done: itemsOf(list).length + (typeof rest === 'number' ? rest : 0) };
      } catch (error) {
        if (error instanceof KubeError && error.status === 404) return { done: undefined };
        throw error;
      }
    },
  );
}

async function readFirst(api: KubeApi, resource: KubeResource, signal: AbortSignal): Promise<unknown> {
  const path = resourcePath(resource);
  return api.request({ method: 'GET', path, query: { limit: namedMax }, view: 'metadata', signal });
}

async function tellWhatStays(context: UninstallContext): Promise<void> {
  const { api, report } = context;
  for (const plural of originalPlurals) {
    const name = definitionName(plural);
    await persist(patience(context, `reading CRD ${name}`), async (signal): Promise<Attempt<void>> => {
      try {
        const path = resourcePath(kubeResources.definitions, { name });
        await api.request({ method: 'GET', path, view: 'metadata', signal });
        report(`CRD ${name}: left, it is the original Spiderpool's (kubectl delete crd ${name})`);
      } catch (error) {
        if (!(error instanceof KubeError) || error.status !== 404) throw error;
      }
      return { done: undefined };
    });
  }
}

function definitionName(plural: string): string {
  return `${plural}.${apiGroup}`;
}

function finalizersText(object: unknown): string {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const finalizers = isObject(metadata) ? metadata['finalizers'] : undefined;
  return Array.isArray(finalizers) && finalizers.length > 0 ? ` (finalizers ${finalizers.join(', ')})` : '';
}
