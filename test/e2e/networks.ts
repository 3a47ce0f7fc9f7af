import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRecorded } from './harness/addresses.ts';
import { deleteNamespace } from './harness/namespaces.ts';
import { type PodView, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, workload } from './harness/workloads.ts';

/** Under the main plugin that the cluster uses now. */
export function testNetwork(running: () => TestCluster, plugin: 'macvlan' | 'bridge'): void {
  test(`pods under ${plugin} reach each other on one node and on two, over IPv4 and IPv6`, async () => {
    const { plane, shell, nodes } = running();
    const namespace = `reach-${plugin}`;
    await apply(
      plane,
      namespace,
      ...nodes.map(({ name }) => workload('Deployment', name, 2, { node: name })),
    );
    const pods = await untilReady(plane, namespace, 4);
    await assertRecorded(plane, pods);
    for (const { name } of nodes) {
      const from = pods.find(({ node }) => node === name);
      assert.ok(from);
      for (const to of pods.filter(({ uid }) => uid !== from.uid)) await reach(shell, from, to);
    }
    await deleteNamespace(plane, namespace);
  });
}

async function reach(shell: TestCluster['shell'], from: PodView, to: PodView): Promise<void> {
  assert.equal(to.addresses.length, 2);
  for (const address of to.addresses) await shell.untilPings(from, address);
  await shell.untilServes(from, to);
}
