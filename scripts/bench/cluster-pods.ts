import { createNamespace, createObject, createPool } from '../../test/support/cluster-objects.ts';
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

/** Makes the benchmarks' namespace, and its only pool. @param ips `a-b` */
export async function createBenchPool(plane: ControlPlane, ips: string): Promise<void> {
  await createNamespace(plane, namespace);
  await createPool(plane, 'bench', { ipVersion: 4, subnet: '10.6.0.0/16', ips: [ips] });
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
    // One request a pod: there are thousands of them.
    const uid = await createObject(plane, `/api/v1/namespaces/${namespace}/pods`, {
      metadata: { name, labels: { app: 'bench' } },
      spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }] },
    });
    return { namespace, name, uid, sandbox: sandboxOf(name) };
  });
}

function sandboxOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(-64);
}
