import type { ControlPlane } from './control-plane.ts';

/** Who made a pod, as in `metadata.ownerReferences`. */
export interface ControllerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A pod that exists, or has. */
export interface PodReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Labels and annotations of a new object. */
export interface Notes {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface CreatePodOptions extends Notes {
  readonly namespace: string;
  readonly name: string;
  /** Name of the node that it runs on; no Node of that name need exist. */
  readonly node: string;
  readonly controller?: ControllerReference;
  /** @default 'Running' */
  readonly phase?: 'Pending' | 'Running';
  /** @default 'Always' */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
}

/** A request that a test's set-up needs was refused. */
export class ClusterObjectError extends Error {
  override readonly name = 'ClusterObjectError';
  readonly code = 'SP_CLUSTER_OBJECT';
}

/** Makes a namespace. Does nothing where it exists. */
export async function createNamespace(plane: ControlPlane, name: string, notes: Notes = {}): Promise<void> {
  await plane.ensure('/api/v1/namespaces', { metadata: { name, ...notes } });
}

/** Removes a namespace with its pods, which go at once; what else is in it stays behind, as no controller collects it. */
export async function deleteNamespace(plane: ControlPlane, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  await send(plane, 'DELETE', `${path}/pods`, { gracePeriodSeconds: 0 });
  await send(plane, 'DELETE', path);
  await send(plane, 'PUT', `${path}/finalize`, { metadata: { name }, spec: { finalizers: [] } });
}

/** Makes a node; one that exists gets the labels and annotations. */
export async function createNode(plane: ControlPlane, name: string, notes: Notes = {}): Promise<void> {
  await plane.ensure('/api/v1/nodes', { metadata: { name } });
  await send(plane, 'PATCH', `/api/v1/nodes/${name}`, { metadata: notes });
}

/** Makes a pod that has been scheduled, in a namespace that is made where it is missing. Nothing runs. */
export async function createPod(plane: ControlPlane, options: CreatePodOptions): Promise<PodReference> {
  const { namespace, name, node, controller, phase = 'Running', restartPolicy = 'Always' } = options;
  const { labels = {}, annotations = {} } = options;
  await createNamespace(plane, namespace);
  const owners = controller === undefined ? [] : [{ ...controller, controller: true }];
  const uid = await createObject(plane, `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, labels, annotations, ownerReferences: owners },
    spec: { nodeName: node, restartPolicy, containers: [{ name: 'main', image: 'example.org/main:1' }] },
  });
  const pod = { namespace, name, uid };
  if (phase !== 'Pending') await setPodStatus(plane, pod, { phase });
  return pod;
}

/** Lets a pod's containers have ended. */
export async function finishPod(
  plane: ControlPlane,
  pod: PodReference,
  status: { readonly phase: 'Succeeded' | 'Failed'; readonly reason?: string } = { phase: 'Succeeded' },
): Promise<void> {
  await setPodStatus(plane, pod, status);
}

/**
 * Deletes a pod. Without `force` it goes on with a `deletionTimestamp`, as while its node shuts it down; with `force` it is gone at once,
 * as when the node is done or somebody forces it.
 */
export async function deletePod(
  plane: ControlPlane,
  { namespace, name, uid }: PodReference,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  await send(plane, 'DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
    preconditions: { uid },
    ...(options.force === true ? { gracePeriodSeconds: 0 } : {}),
  });
}

/** Makes a StatefulSet; its pods are made by the test. @returns what its pods name as their controller */
export async function createStatefulSet(
  plane: ControlPlane,
  options: { readonly namespace: string; readonly name: string; readonly replicas: number },
): Promise<ControllerReference> {
  const { namespace, name, replicas } = options;
  await createNamespace(plane, namespace);
  const labels = { app: name };
  const uid = await createObject(plane, `/apis/apps/v1/namespaces/${namespace}/statefulsets`, {
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'example.org/main:1' }] },
      },
    },
  });
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid };
}

/** Makes a SpiderIPPool. @param spec as in a manifest */
export async function createPool(
  plane: ControlPlane,
  name: string,
  spec: object,
  notes: Notes = {},
): Promise<void> {
  const kind = { apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderIPPool' };
  await createObject(plane, '/apis/spiderpool.spidernet.io/v2beta1/spiderippools', {
    ...kind,
    metadata: { name, ...notes },
    spec,
  });
}

async function setPodStatus(plane: ControlPlane, pod: PodReference, status: object): Promise<void> {
  await send(plane, 'PATCH', `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`, {
    metadata: { uid: pod.uid },
    status,
  });
}

/** Makes any object. @returns its UID @throws ClusterObjectError */
export async function createObject(plane: ControlPlane, path: string, object: object): Promise<string> {
  const { metadata } = (await send(plane, 'POST', path, object)) as { metadata: { uid: string } };
  return metadata.uid;
}

async function send(plane: ControlPlane, method: string, path: string, body?: object): Promise<unknown> {
  const { status, body: answer, text } = await plane.adminRequest(method, path, body);
  if (status < 200 || status > 299)
    throw new ClusterObjectError(`${method} ${path}: ${status} ${text.slice(0, 2000)}`);
  return answer;
}
