import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { PodState } from '../../src/cluster/cluster.ts';
import { startTestPlane } from '../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';
import { until } from '../../test/integration/harness/until.ts';
import {
  createPod,
  createPool,
  createStatefulSet,
  deletePod,
  finishPod,
  type PodReference,
} from '../../test/support/cluster-objects.ts';
import { observeNamespace, readBootId } from './netns.ts';
import { OwnerSweep } from './owner-sweep.ts';
import { type ClusterNode, createClusterNode, podRequest } from './testing/cluster-node.ts';
import { testLog } from './testing/test-node.ts';

const { signal } = new AbortController();
const boot = readBootId();

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;
await createPool(plane, 'v4', { subnet: '10.6.0.0/24', ips: ['10.6.0.10-10.6.0.99'], default: true });

let pods = 0;

/** A running pod of `node-1`, of which the node has heard. */
async function runPod(node: ClusterNode, more: object = {}): Promise<PodReference> {
  pods += 1;
  const pod = await createPod(plane, { namespace: 'default', name: `pod-${pods}`, node: 'node-1', ...more });
  await until('the pod is heard of', () => node.cluster.pod(pod.namespace, pod.name)?.uid === pod.uid);
  return pod;
}

async function untilGone(node: ClusterNode, pod: PodReference, state: PodState = 'gone'): Promise<void> {
  const holder = { uid: pod.uid, sandbox: '', pod };
  await until('its end is heard of', () => node.cluster.podState(holder) === state);
}

async function recordsOf(node: ClusterNode, pod: PodReference): Promise<readonly AllocationRecord[]> {
  return node.ledger.records({ uid: pod.uid });
}

test('Releases.del() keeps the address of a pod that lives, and its new sandbox has the same one', async () => {
  await using node = await createClusterNode(kubeconfig);
  const pod = await runPod(node);
  const [first] = await node.attachments.add(podRequest(pod, 'c1'), signal);
  assert.equal(await node.releases.del(podRequest(pod, 'c1').attachment), 0);
  assert.equal((await recordsOf(node, pod)).length, 1);
  const [again] = await node.attachments.add(podRequest(pod, 'c2'), signal);
  assert.equal(again?.address, first?.address);
});

test('Releases.del() frees when the pod is being deleted, is gone, or is another one of its name', async () => {
  await using node = await createClusterNode(kubeconfig);
  const deleted = await runPod(node);
  await node.attachments.add(podRequest(deleted, 'deleted'), signal);
  await deletePod(plane, deleted);
  await untilGone(node, deleted, 'ending');
  assert.equal(await node.releases.del(podRequest(deleted, 'deleted').attachment), 1);

  const former = await runPod(node);
  await node.attachments.add(podRequest(former, 'former'), signal);
  await deletePod(plane, former, { force: true });
  const { namespace, name } = former;
  const successor = await createPod(plane, { namespace, name, node: 'node-1' });
  await until('the successor is heard of', () => node.cluster.pod(namespace, name)?.uid === successor.uid);
  await node.attachments.add(podRequest(successor, 'successor'), signal);
  assert.equal(await node.releases.del(podRequest(former, 'former').attachment), 1);
  assert.equal((await recordsOf(node, successor)).length, 1);
  assert.deepEqual(
    node.changed,
    [deleted, former].map((pod) => `${pod.namespace}/${pod.name}`),
  );
});

test('Releases.del() reads a pod again that it heard of as living', async () => {
  await using node = await createClusterNode(kubeconfig);
  const pod = await runPod(node);
  await node.attachments.add(podRequest(pod, 'c1'), signal);
  const delayed = proxy.inject({ path: /watch=true/, fault: { kind: 'delay', delayMs: 60_000 } });
  proxy.cutAll();
  await deletePod(plane, pod, { force: true });
  assert.equal(node.cluster.podState({ uid: pod.uid, sandbox: 'c1', pod }), 'living');
  assert.equal(await node.releases.del(podRequest(pod, 'c1').attachment), 1);
  delayed.remove();
  proxy.cutAll();
});

test('Releases.del() leaves a pod that may live for later while the API server is away', async () => {
  await using node = await createClusterNode(kubeconfig);
  const [living, dead] = [await runPod(node), await runPod(node)];
  for (const pod of [living, dead]) await node.attachments.add(podRequest(pod, pod.name), signal);
  await deletePod(plane, dead, { force: true });
  await untilGone(node, dead);
  proxy.refuse(true);
  try {
    assert.equal(await node.releases.del(podRequest(living, living.name).attachment), 'later');
    assert.equal(await node.releases.del(podRequest(dead, dead.name).attachment), 1);
    assert.equal(await node.tombstones.replay(node.ledger), 1);
  } finally {
    proxy.refuse(false);
  }
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.equal((await recordsOf(node, living)).length, 1);
});

test('Releases.podGone() does the DEL that freed nothing while the pod lived', async () => {
  await using node = await createClusterNode(kubeconfig);
  node.cluster.onPodGone((gone) => void node.releases.podGone(gone));
  const pod = await runPod(node, { restartPolicy: 'Never' });
  await node.attachments.add(podRequest(pod, 'c1'), signal);
  assert.equal(await node.releases.del(podRequest(pod, 'c1').attachment), 0);
  await finishPod(plane, pod);
  await until('the address is free', async () => (await recordsOf(node, pod)).length === 0);
});

test('Tombstones.replay() keeps the address of a pod that lives', async () => {
  await using node = await createClusterNode(kubeconfig);
  const pod = await runPod(node);
  await node.attachments.add(podRequest(pod, 'c1'), signal);
  await node.tombstones.write(podRequest(pod, 'c1').attachment);
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.equal((await recordsOf(node, pod)).length, 1);
  assert.deepEqual(await node.files.list(), []);
});

test('Releases.revoke() takes the addresses of a pod that lives, those of a static workload too', async () => {
  await using node = await createClusterNode(kubeconfig);
  const controller = await createStatefulSet(plane, { namespace: 'default', name: 'revoked', replicas: 1 });
  for (const more of [{}, { controller, name: 'revoked-0' }]) {
    const pod = await runPod(node, more);
    await node.attachments.add(podRequest(pod, 'c1'), signal);
    assert.equal((await node.releases.revoke({ sandbox: 'c1', pod: { uid: 'other' } })).length, 0);
    assert.equal((await node.releases.revoke({ sandbox: 'c1', pod: { uid: pod.uid } })).length, 1);
    assert.equal((await recordsOf(node, pod)).length, 0);
  }
});

test('GarbageCollection.collect() never takes the address of a pod that lives, nor one that a StatefulSet keeps', async () => {
  await using node = await createClusterNode(kubeconfig);
  const controller = await createStatefulSet(plane, { namespace: 'default', name: 'kept', replicas: 1 });
  const [living, dead, kept] = [
    await runPod(node),
    await runPod(node),
    await runPod(node, { controller, name: 'kept-0' }),
  ];
  for (const pod of [living, dead, kept]) await node.attachments.add(podRequest(pod, pod.name), signal);
  for (const pod of [dead, kept]) {
    await deletePod(plane, pod, { force: true });
    await untilGone(node, pod);
  }
  assert.equal(await node.releases.del(podRequest(kept, kept.name).attachment), 1);
  assert.equal(await node.garbageCollection.collect('net', [], signal), 1);
  assert.equal((await recordsOf(node, living)).length, 1);
  assert.equal((await recordsOf(node, dead)).length, 0);
  const owner = { kind: 'StatefulSet', namespace: 'default', name: 'kept-0' };
  const [record] = await node.ledger.records({ owner });
  assert.deepEqual(record?.holders, []);
});

test('Sweep.once() frees what a pod that is gone has left, once its namespace is gone too', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const [living, running, ended, invisible] = [
    await runPod(node),
    await runPod(node),
    await runPod(node),
    await runPod(node),
  ];
  const file = (pod: PodReference): string => join(node.files.folder, `netns-${pod.name}`);
  for (const pod of [living, running, ended]) {
    writeFileSync(file(pod), '');
    const netns = observeNamespace(file(pod), boot);
    await node.attachments.add(podRequest(pod, pod.name, { netns }), signal);
  }
  const unseen = observeNamespace('/nowhere/ns', boot);
  await node.attachments.add(podRequest(invisible, invisible.name, { netns: unseen }), signal);
  for (const pod of [running, ended, invisible]) {
    await deletePod(plane, pod, { force: true });
    await untilGone(node, pod);
  }
  // The containers of `running` go on though its pod was deleted by force; the namespace of `living` is being made again.
  for (const pod of [living, ended]) rmSync(file(pod));
  assert.deepEqual(await node.sweep.once(), { examined: 4, suspected: 2, freed: [] });
  later(t, 11_000);
  assert.equal((await node.sweep.once()).freed.length, 2);
  for (const pod of [ended, invisible]) assert.deepEqual(await recordsOf(node, pod), []);
  for (const pod of [living, running]) assert.equal((await recordsOf(node, pod)).length, 1);
});

test('Sweep.once() waits for the end of a pod that is being deleted where its namespace was never visible', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const [invisible, visible] = [await runPod(node), await runPod(node)];
  const file = join(node.files.folder, 'netns');
  writeFileSync(file, '');
  const unseen = observeNamespace('/nowhere/ns', boot);
  await node.attachments.add(podRequest(invisible, 'c1', { netns: unseen }), signal);
  await node.attachments.add(podRequest(visible, 'c2', { netns: observeNamespace(file, boot) }), signal);
  rmSync(file);
  for (const pod of [invisible, visible]) {
    await deletePod(plane, pod);
    await untilGone(node, pod, 'ending');
  }
  await node.sweep.once();
  later(t, 11_000);
  assert.equal((await node.sweep.once()).freed.length, 1);
  // The containers of the other may run for as long as they are given.
  assert.equal((await recordsOf(node, invisible)).length, 1);
  await deletePod(plane, invisible, { force: true });
  await untilGone(node, invisible);
  await node.sweep.once();
  later(t, 22_000);
  assert.equal((await node.sweep.once()).freed.length, 1);
});

test('Sweep.once() frees nothing that it can not read again', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const pod = await runPod(node);
  await node.attachments.add(podRequest(pod, 'c1'), signal);
  await deletePod(plane, pod, { force: true });
  await untilGone(node, pod);
  await node.sweep.once();
  later(t, 11_000);
  proxy.refuse(true);
  try {
    assert.deepEqual((await node.sweep.once()).freed, []);
  } finally {
    proxy.refuse(false);
  }
  assert.equal((await node.sweep.once()).freed.length, 1);
});

test('Releases.del() of a StatefulSet’s pod keeps its address until the set is scaled down', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const set = { namespace: 'default', name: 'scaled' };
  const controller = await createStatefulSet(plane, { ...set, replicas: 1 });
  const owner = { kind: 'StatefulSet', namespace: 'default', name: 'scaled-0' };
  const first = await runPod(node, { controller, name: 'scaled-0' });
  const [given] = await node.attachments.add(podRequest(first, 'c1'), signal);
  await deletePod(plane, first, { force: true });
  await untilGone(node, first);
  await node.releases.del(podRequest(first, 'c1').attachment);
  assert.equal((await node.ledger.records({ owner })).length, 1);

  const second = await runPod(node, { controller, name: 'scaled-0' });
  const [again] = await node.attachments.add(podRequest(second, 'c2'), signal);
  assert.equal(again?.address, given?.address);
  await plane.adminRequest('PATCH', '/apis/apps/v1/namespaces/default/statefulsets/scaled', {
    spec: { replicas: 0 },
  });
  await deletePod(plane, second, { force: true });
  await untilGone(node, second);
  // What was read of the set a moment ago counts for a second.
  later(t, 2_000);
  await node.releases.del(podRequest(second, 'c2').attachment);
  assert.deepEqual(await node.ledger.records({ owner }), []);
});

test('Attachments.add() gives a StatefulSet’s next pod its address though the pool is disabled, and others none', async () => {
  await using node = await createClusterNode(kubeconfig);
  await createPool(plane, 'paused', { subnet: '10.7.0.0/24', ips: ['10.7.0.10-10.7.0.19'] });
  await until('the pool is known', () => node.cluster.catalog().byName.has('paused'));
  const controller = await createStatefulSet(plane, { namespace: 'default', name: 'paused', replicas: 2 });
  const annotations = { 'ipam.spidernet.io/ippool': '{"ipv4":["paused"]}' };
  const first = await runPod(node, { controller, name: 'paused-0', annotations });
  const [given] = await node.attachments.add(podRequest(first, 'c1'), signal);
  await deletePod(plane, first, { force: true });
  await untilGone(node, first);
  await node.releases.del(podRequest(first, 'c1').attachment);
  await plane.adminRequest('PATCH', '/apis/spiderpool.spidernet.io/v2beta1/spiderippools/paused', {
    spec: { disable: true },
  });
  await until('it is disabled', () => node.cluster.catalog().byName.get('paused')?.pool.disabled === true);
  const second = await runPod(node, { controller, name: 'paused-0', annotations });
  const [again] = await node.attachments.add(podRequest(second, 'c2'), signal);
  assert.equal(again?.address, given?.address);
  const [record] = await node.ledger.records({ uid: second.uid });
  assert.deepEqual(
    record?.holders.map(({ sandbox }) => sandbox),
    ['c2'],
  );
  const other = await runPod(node, { controller, name: 'paused-1', annotations });
  await assert.rejects(node.attachments.add(podRequest(other, 'c3'), signal), { code: 102 });
});

test('OwnerSweep.examine() frees what is kept for an owner that two readings 10 s apart find gone', async (t) => {
  await using node = await createClusterNode(kubeconfig);
  const owner = { kind: 'StatefulSet', namespace: 'default', name: 'absent-0' };
  const { range } = node.cluster.catalog().byName.get('v4') ?? assert.fail();
  const holder = {
    uid: 'u1',
    sandbox: 'c1',
    node: 'node-1',
    pod: { namespace: 'default', name: 'absent-0' },
  };
  const claimant = { holder, network: 'net', owner: { ...owner, takeover: 'move' as const } };
  await node.ledger.claim(claimant, [{ nic: 'eth0', family: 4, pools: [range] }], chooseAddress);
  await node.ledger.release({ by: 'attachment', sandbox: 'c1', nic: 'eth0' });
  const kept = await node.ledger.records({ owner });
  assert.deepEqual(kept[0]?.holders, []);
  const owners = new OwnerSweep({ cluster: node.cluster, log: testLog });
  assert.deepEqual(await owners.examine(node.ledger, kept), []);
  assert.deepEqual(await owners.examine(node.ledger, kept), []);
  later(t, 11_000);
  // It can't be asked: what is kept stays.
  proxy.refuse(true);
  try {
    assert.deepEqual(await owners.examine(node.ledger, kept), []);
  } finally {
    proxy.refuse(false);
  }
  assert.equal((await owners.examine(node.ledger, kept)).length, 1);
  assert.deepEqual(await node.ledger.records({ owner }), []);
});

/** From now on the monotonic clock is this much ahead. */
function later(t: { readonly mock: typeof test.mock }, ms: number): void {
  t.mock.restoreAll();
  const now = performance.now.bind(performance);
  t.mock.method(performance, 'now', () => now() + ms);
}
