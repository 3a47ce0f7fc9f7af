import { until } from '../../integration/harness/until.ts';
import type { ControlPlane } from '../../support/control-plane.ts';

/** What tests look at of a pod. */
export interface PodView {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly phase: string;
  /** All containers are ready, and nobody has asked it to end. */
  readonly isReady: boolean;
  readonly isEnding: boolean;
  readonly hostNetwork: boolean;
  /** As kubelet has learned them of the runtime. */
  readonly addresses: readonly string[];
  /** Of all its containers. */
  readonly restarts: number;
}

interface Pod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string; readonly hostNetwork?: boolean };
  readonly status: {
    readonly phase?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

/** A container start takes seconds when many start at once on a loaded machine. */
const podsTimeoutMs = 240_000;

/** @param namespace @default all of them */
export async function listPods(plane: ControlPlane, namespace?: string): Promise<readonly PodView[]> {
  const path = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
  const { status, body, text } = await plane.adminRequest('GET', path);
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
  return (body as { readonly items: readonly Pod[] }).items.map(viewOf);
}

/** Waits until exactly `count` pods are in the namespace and all are ready. */
export async function untilReady(
  plane: ControlPlane,
  namespace: string,
  count: number,
): Promise<readonly PodView[]> {
  let seen: readonly PodView[] = [];
  try {
    return await until(
      `${count} pods of ${namespace} are ready`,
      async () => {
        seen = await listPods(plane, namespace);
        return seen.length === count && seen.every(({ isReady }) => isReady) && seen;
      },
      podsTimeoutMs,
    );
  } catch (error) {
    const events = (await eventsOf(plane, namespace)).filter((event) =>
      seen.some(({ name }) => event.startsWith(name)),
    );
    throw new Error(`${String(error)}: ${JSON.stringify(seen)}\n${events.slice(-20).join('\n')}`, {
      cause: error,
    });
  }
}

/** Waits until the namespace has no pods. */
export async function untilNoPods(plane: ControlPlane, namespace: string): Promise<void> {
  await until(
    `${namespace} has no pods`,
    async () => (await listPods(plane, namespace)).length === 0,
    podsTimeoutMs,
  );
}

/** Messages of all events in the namespace, with the object that they tell of. */
export async function eventsOf(plane: ControlPlane, namespace: string): Promise<readonly string[]> {
  const { body } = await plane.adminRequest('GET', `/api/v1/namespaces/${namespace}/events`);
  const { items } = body as {
    readonly items: readonly {
      readonly involvedObject: { readonly name: string };
      readonly reason: string;
      readonly message: string;
    }[];
  };
  return items.map(({ involvedObject, reason, message }) => `${involvedObject.name} ${reason}: ${message}`);
}

function viewOf({ metadata, spec, status }: Pod): PodView {
  const isEnding = metadata.deletionTimestamp !== undefined;
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName ?? '',
    phase: status.phase ?? '',
    isReady: ready && !isEnding,
    isEnding,
    hostNetwork: spec.hostNetwork ?? false,
    addresses: (status.podIPs ?? []).map(({ ip }) => ip),
    restarts: (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}
