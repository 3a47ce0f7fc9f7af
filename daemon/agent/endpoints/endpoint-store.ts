import { type EndpointMetadata, parseEndpoint, type SpiderEndpoint } from '../../../src/api/endpoint.ts';
import { endpointFinalizer } from '../../../src/api/names.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { PodName } from '../../../src/ledger/record.ts';

/** Which state of an endpoint a removal is about. */
export interface EndpointVersion {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Reads and writes single SpiderEndpoints, each write on the condition that nothing has changed since. */
export class EndpointStore {
  readonly #api: KubeApi;

  constructor(api: KubeApi) {
    this.#api = api;
  }

  /**
   * @returns undefined when there is none
   * @throws KubeError, or the signal's reason
   */
  async read(name: PodName, signal: AbortSignal): Promise<SpiderEndpoint | undefined> {
    return parsed(await unless(404, this.#api.request({ method: 'GET', path: pathOf(name), signal })));
  }

  /**
   * @returns the endpoint as it stands now; undefined when one of this name exists already
   * @throws KubeError, or the signal's reason
   */
  async create(endpoint: SpiderEndpoint, signal: AbortSignal): Promise<SpiderEndpoint | undefined> {
    const path = resourcePath(kubeResources.endpoints, { namespace: endpoint.metadata.namespace });
    return parsed(await unless(409, this.#api.request({ method: 'POST', path, body: endpoint, signal })));
  }

  /**
   * @param endpoint as it was read, changed
   * @returns the endpoint as it stands now; undefined when another state of it, or none, stands by now
   * @throws KubeError, or the signal's reason
   */
  async replace(endpoint: SpiderEndpoint, signal: AbortSignal): Promise<SpiderEndpoint | undefined> {
    const path = pathOf(endpoint.metadata);
    const answer = unless(409, this.#api.request({ method: 'PUT', path, body: endpoint, signal }));
    return parsed(await unless(404, answer));
  }

  /**
   * Takes the original's finalizer off, for which nobody here works.
   *
   * @returns the endpoint as it stands now; undefined when another state of it, or none, stands by now
   * @throws KubeError, or the signal's reason
   */
  async stripFinalizer(endpoint: SpiderEndpoint, signal: AbortSignal): Promise<SpiderEndpoint | undefined> {
    const finalizers = endpoint.metadata.finalizers?.filter((one) => one !== endpointFinalizer) ?? [];
    return this.replace({ ...endpoint, metadata: { ...endpoint.metadata, finalizers } }, signal);
  }

  /**
   * @returns false when another state of it stands by now; true when it is gone
   * @throws KubeError, or the signal's reason
   */
  async remove(name: PodName, preconditions: EndpointVersion, signal: AbortSignal): Promise<boolean> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions };
    const answer = this.#api.request({ method: 'DELETE', path: pathOf(name), body, signal });
    const gone = unless(404, answer).then(() => true);
    return (await unless(409, gone)) ?? false;
  }
}

/** Whether the original's finalizer keeps this endpoint. */
export function hasOriginalFinalizer({ finalizers }: EndpointMetadata): boolean {
  return finalizers?.includes(endpointFinalizer) ?? false;
}

/** Which state of an endpoint this is; undefined before it was written. */
export function versionOf({ uid, resourceVersion }: EndpointMetadata): EndpointVersion | undefined {
  return uid === undefined || resourceVersion === undefined ? undefined : { uid, resourceVersion };
}

function pathOf({ namespace, name }: PodName): string {
  return resourcePath(kubeResources.endpoints, { namespace, name });
}

function parsed(answer: unknown): SpiderEndpoint | undefined {
  return answer === undefined ? undefined : parseEndpoint(answer);
}

/** The answer, or undefined when it was refused with this status. */
async function unless<T>(status: number, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === status) return undefined;
    throw error;
  }
}
