import type { ControlPlane } from '../../test/support/control-plane.ts';
import type { BurstPod } from './worker-contracts.ts';

const namespace = 'bench';
/** API requests at a time while something is prepared. */
const inFlight = 24;

/** What is made of a number of things, so many at a time. */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let entry = entries.shift(); entry !== undefined; entry = entries.shift()) {
      results[entry[0]] = await work(entry[1]);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return results;
}

/** Sends a request as the administrator. @throws Error when it is refused */
export async function adminSend(
  plane: ControlPlane,
  method: string,
  path: string,
  body?: unknown,
  options?: Parameters<ControlPlane['adminRequest']>[3],
): Promise<unknown> {
  const answer = await plane.adminRequest(method, path, body, options);
  if (answer.status >= 400)
    throw new Error(`${method} ${path}: ${JSON.stringify(answer.body).slice(0, 500)}`);
  return answer.body;
}

/** Makes the benchmarks' namespace. */
export async function createBenchNamespace(plane: ControlPlane): Promise<void> {
  await adminSend(plane, 'POST', '/api/v1/namespaces', { metadata: { name: namespace } });
}

/** Makes the only pool. @param ips `a-b` */
export async function createBenchPool(plane: ControlPlane, subnet: string, ips: string): Promise<void> {
  await adminSend(plane, 'POST', '/apis/spiderpool.spidernet.io/v2beta1/spiderippools', {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPPool',
    metadata: { name: 'bench' },
    spec: { ipVersion: 4, subnet, ips: [ips] },
  });
}

/** Makes pods that are scheduled to a node, as the runtime will know them. */
export async function createPods(
  plane: ControlPlane,
  node: string,
  count: number,
  prefix = 'pod',
): Promise<BurstPod[]> {
  const names = Array.from({ length: count }, (_, number) => `${prefix}-${node}-${number}`);
  return inParallel(names, async (name) => {
    const pod = await adminSend(plane, 'POST', `/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name, labels: { app: 'bench' } },
      spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }] },
    });
    return { namespace, name, uid: uidOf(pod), sandbox: sandboxOf(name) };
  });
}

/** Marks a pod as finished, as its kubelet would. */
export async function finishPod(plane: ControlPlane, { name }: BurstPod): Promise<void> {
  const status = { status: { phase: 'Succeeded' } };
  await adminSend(plane, 'PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, status, {
    contentType: 'application/merge-patch+json',
  });
}

/** Removes a pod at once. */
export async function removePod(plane: ControlPlane, { name }: BurstPod): Promise<void> {
  await adminSend(plane, 'DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, undefined, {
    query: { gracePeriodSeconds: '0' },
  });
}

function uidOf(pod: unknown): string {
  // The API server's own answer to a creation.
  return (pod as { metadata: { uid: string } }).metadata.uid;
}

function sandboxOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(-64);
}
