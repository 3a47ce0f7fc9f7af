import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../integration/harness/until.ts';
import { assertRecorded, recordsOf, untilFreed } from './harness/addresses.ts';
import { deleteNamespace } from './harness/namespaces.ts';
import { listPods, type PodView, untilNoPods, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, job, workload } from './harness/workloads.ts';

/** What the kinds of workloads promise. Each test has a namespace to itself. */
export function testWorkloads(running: () => TestCluster): void {
  describe('workloads', { concurrency: true }, () => {
    test('a Deployment that is scaled to zero leaves no record', async () => {
      const { plane } = running();
      await apply(plane, 'scale', workload('Deployment', 'web', 6));
      await assertRecorded(plane, await untilReady(plane, 'scale', 6));
      await plane.kubectl(['-n', 'scale', 'scale', 'deployment/web', '--replicas=0']);
      await untilNoPods(plane, 'scale');
      await untilFreed(plane, 'scale');
      await deleteNamespace(plane, 'scale');
    });

    test('a StatefulSet keeps its addresses over new pods, on another node too, and gives them back when it is deleted', async () => {
      const { plane } = running();
      await apply(plane, 'static', workload('StatefulSet', 'db', 3));
      const before = await untilReady(plane, 'static', 3);
      await assertRecorded(plane, before);
      await plane.kubectl(['-n', 'static', 'delete', 'pods', '--all', '--wait=false']);
      const again = await untilReplaced(running(), 'static', before);
      assert.deepEqual(addressesByName(again), addressesByName(before));

      const [first] = again;
      assert.ok(first);
      await plane.kubectl(['cordon', first.node]);
      try {
        await plane.kubectl(['-n', 'static', 'delete', 'pod', first.name, '--wait=false']);
        const moved = await untilReplaced(running(), 'static', [first]);
        assert.notEqual(moved.find(({ name }) => name === first.name)?.node, first.node);
        assert.deepEqual(addressesByName(moved), addressesByName(before));
        await assertRecorded(plane, moved);
      } finally {
        await plane.kubectl(['uncordon', first.node]);
      }
      await deleteNamespace(plane, 'static');
    });

    test('a DaemonSet has an address on each node, and new ones after a restart', async () => {
      const { plane, nodes } = running();
      await apply(plane, 'daemons', workload('DaemonSet', 'probe'));
      const before = await untilReady(plane, 'daemons', nodes.length);
      assert.deepEqual(before.map(({ node }) => node).sort(), nodes.map(({ name }) => name).sort());
      await assertRecorded(plane, before);
      await plane.kubectl(['-n', 'daemons', 'rollout', 'restart', 'daemonset/probe']);
      const after = await untilReplaced(running(), 'daemons', before);
      await assertRecorded(plane, after);
      await until('only the new pods have addresses', async () => {
        const uids = new Set((await recordsOf(plane, 'daemons')).map(({ uid }) => uid));
        return uids.size === after.length && after.every(({ uid }) => uids.has(uid));
      });
      await deleteNamespace(plane, 'daemons');
    });

    test('a Job gives its addresses back when it is done, while its pods are still there', async () => {
      const { plane } = running();
      await apply(plane, 'batch', job('count', 4, 'ip -o -4 addr show eth0'));
      await until(
        'the job is done',
        async () => {
          const pods = await listPods(plane, 'batch');
          return pods.length === 4 && pods.every(({ phase }) => phase === 'Succeeded');
        },
        240_000,
      );
      await untilFreed(plane, 'batch');
      const logs = await plane.kubectl(['-n', 'batch', 'logs', '--selector=app=count', '--prefix']);
      const addresses = [...logs.stdout.matchAll(/inet (\S+)\//g)].map(([, address]) => address);
      assert.equal(new Set(addresses).size, 4, logs.stdout);
      await deleteNamespace(plane, 'batch');
    });
  });
}

/** Waits until as many pods as now are ready, none of them one of `former`. */
async function untilReplaced(
  { plane }: TestCluster,
  namespace: string,
  former: readonly PodView[],
): Promise<readonly PodView[]> {
  const count = (await listPods(plane, namespace)).length;
  const uids = new Set(former.map(({ uid }) => uid));
  await until(
    `pods of ${namespace} are replaced`,
    async () => {
      const pods = await listPods(plane, namespace);
      return pods.length > 0 && pods.every(({ uid, isReady }) => isReady && !uids.has(uid));
    },
    240_000,
  );
  return untilReady(plane, namespace, Math.max(count, former.length));
}

function addressesByName(pods: readonly PodView[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(pods.map(({ name, addresses }) => [name, addresses]));
}
