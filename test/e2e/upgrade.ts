import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRecorded } from './harness/addresses.ts';
import { deleteNamespace } from './harness/namespaces.ts';
import { listPods, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, workload } from './harness/workloads.ts';

const count = 16;

/** From macvlan to bridge, in a cluster whose pods come and go. */
export function testUpgrade(running: () => TestCluster): void {
  test('helm upgrade restarts the agents one after another while pods start, and none of them fails', async () => {
    const { plane, product, nodes } = running();
    const before = await uidsOfProduct(running());
    await apply(plane, 'old', workload('Deployment', 'old', 2));
    const old = await untilReady(plane, 'old', 2);
    await Promise.all([
      product.upgrade({ 'cni.type': 'bridge', 'cni.bridge': 'br0' }),
      apply(plane, 'new', workload('Deployment', 'new', count)),
    ]);
    const pods = await untilReady(plane, 'new', count);
    await assertRecorded(plane, pods);
    assert.deepEqual(await untilReady(plane, 'old', 2), old);
    const after = await uidsOfProduct(running());
    assert.equal(after.length, nodes.length);
    assert.deepEqual(
      after.filter((uid) => before.includes(uid)),
      [],
    );
    for (const node of nodes) {
      assert.match(
        await node.runOrThrow('cat', ['/etc/cni/net.d/10-spiderpool.conflist']),
        /"bridge": "br0"/,
      );
    }
    await deleteNamespace(plane, 'new');
    await deleteNamespace(plane, 'old');
  });

  test('kubelet reaches the pods under bridge: their probes succeed', async () => {
    const { plane, nodes } = running();
    await apply(plane, 'probed', workload('DaemonSet', 'web', undefined, { probePort: 80 }));
    await untilReady(plane, 'probed', nodes.length);
    for (const node of nodes)
      assert.match(await node.runOrThrow('ip', ['link', 'show', 'master', 'br0']), /veth/);
    await deleteNamespace(plane, 'probed');
  });
}

async function uidsOfProduct({ plane }: TestCluster): Promise<readonly string[]> {
  const pods = await listPods(plane, 'spiderpool');
  return pods.filter(({ name }) => name.startsWith('spiderpool-agent-')).map(({ uid }) => uid);
}
