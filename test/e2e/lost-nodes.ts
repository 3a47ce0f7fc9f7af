import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../integration/harness/until.ts';
import { readRecords } from '../support/cluster-records.ts';
import { assertRecorded, recordsOf, untilConsistent } from './harness/addresses.ts';
import { deleteNamespace } from './harness/namespaces.ts';
import { listPods, untilReady } from './harness/pods.ts';
import type { TestCluster } from './harness/test-cluster.ts';
import { apply, workload } from './harness/workloads.ts';

/** Nodes that are emptied, and one that never comes back: the last test leaves one node. */
export function testLostNodes(running: () => TestCluster): void {
  test('a drained node has no addresses any more', async () => {
    const { plane, nodes } = running();
    const [, second] = nodes;
    assert.ok(second);
    await apply(plane, 'drain', workload('Deployment', 'web', 4));
    await untilReady(plane, 'drain', 4);
    await plane.kubectl(['drain', second.name, '--ignore-daemonsets', '--force', '--timeout=100s']);
    const pods = await untilReady(plane, 'drain', 4);
    assert.deepEqual([...new Set(pods.map(({ node }) => node))], ['node-1']);
    await assertRecorded(plane, pods);
    await until('the node has no records', async () => !(await hasRecords(running(), second.name)), 240_000);
    await plane.kubectl(['uncordon', second.name]);
    await deleteNamespace(plane, 'drain');
  });

  test('the controller frees the addresses of a node that is gone for good, and their pods start elsewhere', async () => {
    const { plane, nodes } = running();
    const [, second] = nodes;
    assert.ok(second);
    await apply(plane, 'lost', workload('Deployment', 'web', 4));
    await untilReady(plane, 'lost', 4);
    const recordsThere = async () =>
      (await recordsOf(plane, 'lost')).filter(({ node }) => node === second.name);
    assert.notDeepEqual(await recordsThere(), []);
    await second[Symbol.asyncDispose]();
    await until(
      'four pods of the Deployment are ready on the other node',
      async () => {
        const pods = await listPods(plane, 'lost');
        return (
          pods.filter(({ name, node, isReady }) => isReady && node === 'node-1' && name.startsWith('web-'))
            .length === 4
        );
      },
      240_000,
    );
    await until('the node has no records', async () => (await recordsThere()).length === 0, 240_000);
    assert.equal((await recordsOf(plane, 'lost')).length, 4 * 2);
    // Without them the garbage collection of pods would take a minute.
    await plane.kubectl(['delete', 'node', second.name]);
    const ofNode = `--field-selector=spec.nodeName=${second.name}`;
    await plane.kubectl(['delete', 'pods', '--all-namespaces', ofNode, '--force', '--grace-period=0']);
    await deleteNamespace(plane, 'lost');
  });

  test('in the end every record has its pod, and every address is one pod’s', async () => {
    await untilConsistent(running().plane);
  });
}

async function hasRecords({ plane }: TestCluster, node: string): Promise<boolean> {
  const { uses } = await readRecords(plane);
  return uses.some((use) => use.node === node);
}
