import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../integration/harness/until.ts';
import { assertRecorded, recordsOf, untilFreed } from './harness/addresses.ts';
import { killContainer } from './harness/containers.ts';
import { deleteNamespace } from './harness/namespaces.ts';
import { eventsOf, listPods, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, fromPool, pod, pool, workload } from './harness/workloads.ts';

/** For so long it is watched that something does not happen. */
const watchMs = 6000;

/** Nodes that stay, and what goes wrong on them. */
export function testDisruptions(running: () => TestCluster): void {
  test('a restart of kubelet leaves pods their addresses, and frees those of a pod that was deleted meanwhile', async () => {
    const { plane, nodes, shell } = running();
    const [node] = nodes;
    assert.ok(node);
    await apply(plane, 'kubelet', workload('Deployment', 'stays', 2, { node: node.name }));
    await apply(plane, 'kubelet-gone', pod('goes', { node: node.name }));
    const before = await untilReady(plane, 'kubelet', 2);
    await untilReady(plane, 'kubelet-gone', 1);
    await node.killKubelet();
    await plane.kubectl(['-n', 'kubelet-gone', 'delete', 'pod', 'goes', '--wait=false']);
    node.startKubelet();
    await untilFreed(plane, 'kubelet-gone');
    const after = await untilReady(plane, 'kubelet', 2);
    assert.deepEqual(after, before);
    await assertRecorded(plane, after);
    const [one, other] = after;
    assert.ok(one && other);
    await shell.untilServes(one, other);
    await deleteNamespace(plane, 'kubelet');
    await deleteNamespace(plane, 'kubelet-gone');
  });

  test('an agent that is killed is started again by kubelet, and pods that start meanwhile get their addresses', async () => {
    const { plane, nodes } = running();
    const [node] = nodes;
    assert.ok(node);
    const restarts = async (): Promise<number> => {
      const agents = (await listPods(plane, 'spiderpool')).filter(({ name }) =>
        name.startsWith('spiderpool-agent-'),
      );
      return agents.find((agent) => agent.node === node.name)?.restarts ?? 0;
    };
    const before = await restarts();
    await killContainer(node, 'spiderpool-agent');
    await apply(plane, 'agent', workload('Deployment', 'web', 4, { node: node.name }));
    await assertRecorded(plane, await untilReady(plane, 'agent', 4));
    await until('kubelet tells of the restart', async () => (await restarts()) === before + 1);
    await deleteNamespace(plane, 'agent');
  });

  test('an exhausted pool is told of by an event of the pod, which starts when the pool is enlarged', async () => {
    const { plane } = running();
    await apply(plane, 'tiny', pool('tiny', ['10.20.110.1-10.20.110.2']));
    await apply(plane, 'tiny', workload('Deployment', 'web', 3, { annotations: fromPool('tiny') }));
    const message = /no free IPv4 address for NIC eth0: pool tiny \(total 2, allocated 2/;
    const events = await until(
      'an event says why',
      async () => {
        const seen = (await eventsOf(plane, 'tiny')).filter((event) => message.test(event));
        return seen.length > 0 && seen;
      },
      240_000,
    );
    assert.match(events[0] ?? '', /^web-/);
    await until('the other two are ready', async () => {
      const pods = await listPods(plane, 'tiny');
      return pods.filter(({ isReady }) => isReady).length === 2;
    });
    const patch = JSON.stringify({ spec: { ips: ['10.20.110.1-10.20.110.3'] } });
    await plane.kubectl(['patch', 'spiderippool', 'tiny', '--type=merge', `--patch=${patch}`]);
    const pods = await untilReady(plane, 'tiny', 3);
    await assertRecorded(plane, pods);
    assert.deepEqual(pods.flatMap(({ addresses }) => addresses).sort(), [
      '10.20.110.1',
      '10.20.110.2',
      '10.20.110.3',
    ]);
    await deleteNamespace(plane, 'tiny');
    await plane.kubectl(['delete', 'spiderippool', 'tiny']);
  });

  test('a pod that was deleted by force keeps its address as long as it runs', async () => {
    const { plane, nodes } = running();
    const [node, other] = nodes;
    assert.ok(node && other);
    await apply(plane, 'force', pool('single', ['10.20.111.1']));
    const annotations = fromPool('single');
    await apply(plane, 'force', pod('first', { annotations, node: node.name }));
    const [first] = await untilReady(plane, 'force', 1);
    assert.ok(first);
    // Without kubelet nobody ends its containers.
    await node.killKubelet();
    try {
      await plane.kubectl(['-n', 'force', 'delete', 'pod', 'first', '--force', '--grace-period=0']);
      await apply(plane, 'force', pod('second', { annotations, node: other.name }));
      await sleep(watchMs);
      assert.deepEqual(
        (await recordsOf(plane, 'force')).map(({ uid }) => uid),
        [first.uid],
      );
    } finally {
      node.startKubelet();
    }
    const [second] = await untilReady(plane, 'force', 1);
    assert.equal(second?.name, 'second');
    await assertRecorded(plane, [second]);
    await deleteNamespace(plane, 'force');
    await plane.kubectl(['delete', 'spiderippool', 'single']);
  });
}
