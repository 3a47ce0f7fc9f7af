import assert from 'node:assert/strict';
import { until } from '../../integration/harness/until.ts';
import { readRecords, type StoredUse } from '../../support/cluster-records.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { listPods, type PodView } from './pods.ts';

/** The controller waits 45 s before it frees what no agent has freed, and it has to find out first that a node is gone. */
const freedTimeoutMs = 240_000;

/** Records of pods of the namespace. */
export async function recordsOf(plane: ControlPlane, namespace: string): Promise<readonly StoredUse[]> {
  const { uses } = await readRecords(plane);
  return uses.filter(({ pod }) => pod.startsWith(`${namespace}/`));
}

/** Waits until no pod of the namespace has an address by the records. */
export async function untilFreed(plane: ControlPlane, namespace: string): Promise<void> {
  let left: readonly StoredUse[] = [];
  try {
    await until(
      `no address is recorded for ${namespace}`,
      async () => {
        left = await recordsOf(plane, namespace);
        return left.length === 0;
      },
      freedTimeoutMs,
    );
  } catch (error) {
    throw new Error(`${String(error)}: ${JSON.stringify(left)}`, { cause: error });
  }
}

/** Holds that the addresses of these pods are those of their records, and each only one's. */
export async function assertRecorded(plane: ControlPlane, pods: readonly PodView[]): Promise<void> {
  const { uses } = await readRecords(plane);
  for (const pod of pods) {
    const recorded = uses.filter(({ uid }) => uid === pod.uid).map(({ address }) => address);
    assert.deepEqual([...pod.addresses].sort(), recorded.sort(), `records of ${pod.namespace}/${pod.name}`);
  }
  const all = uses.map(({ address }) => address);
  assert.equal(new Set(all).size, all.length, 'an address is recorded twice');
}

/** Waits until every record is of a pod that is there and every pod in the pod network has one; an address is nobody else's. */
export async function untilConsistent(plane: ControlPlane): Promise<void> {
  let difference = '';
  try {
    await until(
      'the records are those of the pods',
      async () => {
        const pods = (await listPods(plane)).filter(
          ({ hostNetwork, phase }) => !hostNetwork && phase !== 'Succeeded' && phase !== 'Failed',
        );
        const expected = pods
          .flatMap(({ uid, addresses }) => addresses.map((address) => `${uid} ${address}`))
          .sort();
        const { uses } = await readRecords(plane);
        const recorded = uses.map(({ uid, address }) => `${uid} ${address}`).sort();
        difference = `pods: ${expected.join(', ')}; records: ${recorded.join(', ')}`;
        return JSON.stringify(expected) === JSON.stringify(recorded);
      },
      freedTimeoutMs,
    );
  } catch (error) {
    throw new Error(`${String(error)}: ${difference}`, { cause: error });
  }
}
