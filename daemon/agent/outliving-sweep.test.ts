import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import type { PodState } from '../../src/cluster/cluster.ts';
import { startTestPlane } from '../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import { until } from '../../test/integration/harness/until.ts';
import { createPod, deletePod, type PodReference } from '../../test/support/cluster-objects.ts';
import { observeNamespace, readBootId } from './netns.ts';
import { OutlivingSweep } from './outliving-sweep.ts';
import { PodLiveness } from './pod-liveness.ts';
import { type ClusterNode, createClusterNode } from './testing/cluster-node.ts';
import { testLog } from './testing/test-node.ts';

const bootId = readBootId();
const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;

let pods = 0;

/** Moves the monotonic clock; nothing else waits for it here. */
function clockOf(t: TestContext): { advance(ms: number): void } {
  const now = performance.now.bind(performance);
  let aheadMs = 0;
  t.mock.method(performance, 'now', () => now() + aheadMs);
  return { advance: (ms) => (aheadMs += ms) };
}

/** A record of a running pod with a namespace of its own. */
async function runPod(node: ClusterNode): Promise<{
  readonly pod: PodReference;
  readonly held: readonly [AllocationRecord, Holder];
  readonly netns: string;
}> {
  pods += 1;
  const name = `pod-${pods}`;
  const pod = await createPod(plane, { namespace: 'default', name, node: 'node-1' });
  await until('the pod is heard of', () => node.cluster.pod('default', name)?.uid === pod.uid);
  const netns = join(node.files.folder, `netns-${name}`);
  writeFileSync(netns, '');
  const seen = observeNamespace(netns, bootId);
  const holder = { uid: pod.uid, sandbox: `sandbox-${pods}`, node: 'node-1', pod, netns: seen };
  const record = { address: pods, pool: 'p', network: 'n', nic: 'eth0', sinceMs: 0, holders: [holder] };
  return { pod, held: [record, holder], netns };
}

async function untilHeard(node: ClusterNode, pod: PodReference, state: PodState): Promise<void> {
  const holder = { uid: pod.uid, sandbox: '', pod };
  await until('its end is heard of', () => node.cluster.podState(holder) === state);
}

function sweepOf(node: ClusterNode): { readonly sweep: OutlivingSweep; readonly marked: string[] } {
  const marked: string[] = [];
  const sweep = new OutlivingSweep({
    cluster: node.cluster,
    liveness: new PodLiveness(node.cluster, testLog),
    mutex: node.mutex,
    bootId,
    mark: (record, { pod }) => {
      marked.push(pod.name);
      return Promise.resolve(record);
    },
    log: testLog,
  });
  return { sweep, marked };
}

test('OutlivingSweep.examine() marks what is seen 10 s after its pod is gone, and nothing else', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const clock = clockOf(t);
  const { sweep, marked } = sweepOf(node);
  const [forced, ended, living, unseen] = [
    await runPod(node),
    await runPod(node),
    await runPod(node),
    await runPod(node),
  ];
  for (const { pod } of [forced, ended, unseen]) {
    await deletePod(plane, pod, { force: true });
    await untilHeard(node, pod, 'gone');
  }
  rmSync(ended.netns);
  const [record, { netns: _, ...holder }] = unseen.held;
  const held = [forced.held, ended.held, living.held, [record, holder]] as const;
  await sweep.examine(held);
  assert.deepEqual(sweep.dueInMs(performance.now()).length, 1);
  clock.advance(9_000);
  await sweep.examine(held);
  assert.deepEqual(marked, []);
  clock.advance(1_500);
  await sweep.examine(held);
  assert.deepEqual(marked, [forced.pod.name]);
  const isMarked = [forced.held[0], { ...forced.held[1], outlivesPod: true }] as const;
  await sweep.examine([isMarked]);
  assert.deepEqual(marked, [forced.pod.name], 'once');
  assert.deepEqual(sweep.dueInMs(performance.now()), []);
});

test('OutlivingSweep.examine() gives a pod that is ending the time that it was given, and begins anew when it is seen living', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const clock = clockOf(t);
  const { sweep, marked } = sweepOf(node);
  const { pod, held } = await runPod(node);
  await deletePod(plane, pod);
  await untilHeard(node, pod, 'ending');
  await sweep.examine([held]);
  clock.advance(29_000);
  await sweep.examine([held]);
  assert.deepEqual(marked, []);
  // Not looked at for once: as when its namespace was made again.
  await sweep.examine([]);
  await sweep.examine([held]);
  clock.advance(29_000);
  await sweep.examine([held]);
  assert.deepEqual(marked, []);
  clock.advance(1_500);
  await sweep.examine([held]);
  assert.deepEqual(marked, [pod.name]);
});

test('OutlivingSweep.examine() marks nothing that it can not read again', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const clock = clockOf(t);
  const { sweep, marked } = sweepOf(node);
  const { pod, held } = await runPod(node);
  await deletePod(plane, pod, { force: true });
  await untilHeard(node, pod, 'gone');
  await sweep.examine([held]);
  clock.advance(11_000);
  await proxy.refuse(true);
  try {
    await sweep.examine([held]);
    assert.deepEqual(marked, []);
  } finally {
    await proxy.refuse(false);
  }
  await until('it is marked', async () => {
    await sweep.examine([held]);
    return marked.length > 0;
  });
});
