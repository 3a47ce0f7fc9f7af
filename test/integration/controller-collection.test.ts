import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';
import type { PodOptions } from './harness/world-options.ts';

/** Within 60 s, says the promise; a loaded machine gets three times that. */
const freeMsMax = 180_000;
const pool = { default_ipv4_ippool: ['pool'] };
const blocks = '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks';

const nodes = ['alive', 'deaf', 'dead', 'removed', 'off', 'silent'];
const world = await ClusterWorld.create({ nodes });
after(() => world[Symbol.asyncDispose]());
await world.createPool('pool', { subnet: '10.90.0.0/24', ips: ['10.90.0.1-10.90.0.250'] });
for (const node of nodes) await setNode(node, true);
const env = { SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_READY_NODE_ENABLED: 'false' };
await world.startController('first', { env });
await world.startController('second', { env });

interface Started {
  readonly pod: WorldPod;
  readonly address: string;
}

async function setNode(name: string, isReady: boolean, taints: readonly object[] = []): Promise<void> {
  await world.plane.ensure('/api/v1/nodes', { metadata: { name } });
  await world.admin('PATCH', `/api/v1/nodes/${name}`, { spec: { taints } });
  const condition = { type: 'Ready', status: isReady ? 'True' : 'Unknown' };
  await world.admin('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions: [condition] } });
}

async function start(name: string, node: string, options: PodOptions = {}): Promise<Started> {
  const pod = await world.createPod(name, node, options);
  const answer = await world.add(pod, pool);
  const [address] = addressesOf(answer);
  assert.ok(address !== undefined, answer.text);
  return { pod, address };
}

async function setStatus({ namespace, name }: WorldPod, status: object): Promise<void> {
  await world.admin('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status });
}

/** Asks for the deletion of a pod, which nobody finishes: its node has no kubelet. */
async function endSoon({ namespace, name }: WorldPod): Promise<void> {
  await world.admin('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 1 });
}

async function createSet(name: string, replicas: number): Promise<PodOptions> {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  };
  const set = await world.admin('POST', '/apis/apps/v1/namespaces/default/statefulsets', {
    metadata: { name },
    spec: { replicas, serviceName: name, selector: { matchLabels: { app: name } }, template },
  });
  const { uid } = (set as { metadata: { uid: string } }).metadata;
  return { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true }] };
}

interface StoredHolder {
  readonly uid: string;
  readonly outlives?: boolean;
}

interface Slot {
  readonly freed?: string;
  readonly suspect?: boolean;
  readonly holders?: readonly StoredHolder[];
}

async function slotOf(address: string): Promise<Slot> {
  const bytes = address.split('.').map(Number);
  const slot = (bytes.pop() ?? 0) % 256;
  const digits = [...bytes, slot - (slot % 64)].map((byte) => byte.toString(16).padStart(2, '0'));
  const block = await world.admin('GET', `${blocks}/v4-${digits.join('')}`);
  const { spec } = block as { spec: { slots: readonly Slot[] } };
  return spec.slots[slot % 64] ?? {};
}

/** Waits until an address is free. @returns whether it is suspect */
async function untilFreed({ address }: Pick<Started, 'address'>): Promise<boolean> {
  const slot = await until(
    `${address} is free`,
    async () => {
      const now = await slotOf(address);
      return now.freed === undefined ? undefined : now;
    },
    freeMsMax,
  );
  return slot.suspect === true;
}

async function holderOf({ address, pod }: Started): Promise<StoredHolder | undefined> {
  return (await slotOf(address)).holders?.find(({ uid }) => uid === pod.uid);
}

/** Records as no agent writes them, in a block of their own. */
async function writeByHand(living: WorldPod): Promise<void> {
  const record = { pool: 'pool', network: 'net', nic: 'eth0', since: '2026-01-01T00:00:00Z' };
  const holder = { sandbox: 'by-hand', node: 'deaf' };
  const mine = `${living.namespace}/${living.name}`;
  const written: readonly object[] = [
    { ...record, holders: [{ ...holder, uid: 'made-up', pod: mine }] },
    { ...record, holders: [{ ...holder, uid: living.uid, pod: 'default/no-such-pod' }] },
    { ...record, pool: 'no-such-pool', holders: [{ ...holder, uid: 'made-up', pod: 'none/none' }] },
    { ...record, holders: [{ ...holder, uid: '', sandbox: '', pod: 'default/no-such-pod' }] },
    { ...record, holders: [{ ...holder, node: 'removed', uid: 'cni', pod: '/' }] },
    // From here on: nobody may touch them.
    { ...record, holders: [{ ...holder, node: 'deaf', uid: 'cni', pod: '/' }] },
    { ...record, pool: 'no-such-pool', holders: [{ ...holder, uid: living.uid, pod: mine }] },
    { ...record, holders: [{ ...holder, uid: '', sandbox: '', pod: mine }] },
    { ...record, holders: 'nonsense' },
  ];
  await world.admin('POST', blocks, {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPBlock',
    metadata: { name: 'v4-0a5b0000', labels: { 'ipam.spidernet.io/block': 'true' } },
    spec: {
      base: '10.91.0.0',
      range: '10.91.0.0-10.91.0.63',
      slots: Array.from({ length: 64 }, (_, index) => written[index] ?? {}),
    },
  });
}

/** What a garbage collection at once says that somebody asks the controllers for. */
async function collectNow(): Promise<{ readonly examined: number; readonly error?: string }> {
  const lease = '/apis/coordination.k8s.io/v1/namespaces/spiderpool/leases/spiderpool-controller-leases';
  const request = `test-${Date.now()}`;
  await world.admin('PATCH', lease, {
    metadata: { annotations: { 'ipam.spidernet.io/gc-request': request } },
  });
  return until('the request is answered', async () => {
    const { metadata } = (await world.admin('GET', lease)) as {
      metadata: { annotations: Readonly<Record<string, string>> };
    };
    const report = JSON.parse(metadata.annotations['ipam.spidernet.io/gc-report'] ?? '{}') as {
      readonly request?: string;
      readonly examined: number;
    };
    return report.request === request ? report : undefined;
  });
}

// All of it waits for the same time, so all of it happens at once.
test('controllers free what dead nodes, absent agents and hand-made records leave behind, and nothing that lives', async () => {
  const set = await createSet('set', 3);
  const outliving = await start('outliving', 'silent');
  const forced = await start('forced', 'alive');
  for (const { pod } of [outliving, forced]) await world.removePod(pod);
  const living = [
    await start('living-alive', 'alive'),
    await start('living-deaf', 'deaf'),
    await start('living-dead', 'dead'),
  ];
  const [deafGone, deafAgain, deafEnding] = [
    await start('gone', 'deaf'),
    await start('again', 'deaf'),
    await start('ending', 'deaf'),
  ];
  const [deadGone, deadEnding, deadJob] = [
    await start('gone-dead', 'dead'),
    await start('ending-dead', 'dead'),
    await start('job-dead', 'dead'),
  ];
  const [removedGone, zero, two] = [
    await start('gone-removed', 'removed'),
    await start('set-0', 'removed', set),
    await start('set-2', 'removed', set),
  ];
  const [offGone, offEnding] = [await start('gone-off', 'off'), await start('ending-off', 'off')];
  await until(
    'the agent tells what outlives its pod',
    async () => (await holderOf(outliving))?.outlives,
    freeMsMax,
  );
  for (const node of ['deaf', 'dead', 'removed', 'off', 'silent']) await world.agent(node).kill();
  for (const node of ['dead', 'silent']) await setNode(node, false);
  await world.admin('DELETE', '/api/v1/nodes/removed');
  await setNode('off', false, [
    { key: 'node.kubernetes.io/out-of-service', value: 'x', effect: 'NoExecute' },
  ]);

  for (const { pod } of [deafGone, deafAgain, deadGone, removedGone, zero, two, offGone])
    await world.removePod(pod);
  for (const { pod } of [deafEnding, deadEnding, offEnding]) await endSoon(pod);
  await setStatus(deadJob.pod, { phase: 'Failed', reason: 'Evicted' });
  const again = await world.createPod('again', 'deaf');
  await world.admin('PATCH', '/apis/apps/v1/namespaces/default/statefulsets/set', { spec: { replicas: 1 } });
  const [{ pod: livingPod } = assert.fail('nothing lives')] = living;
  await writeByHand(livingPod);

  // At once, and quiet; then the leader is killed, and the other one begins anew.
  for (const one of [offGone, offEnding]) assert.equal(await untilFreed(one), false, one.pod.name);
  await world.controller('first').kill();
  for (const one of [deafGone, deafAgain, deadGone, deadEnding, deadJob, removedGone, outliving]) {
    assert.equal(await untilFreed(one), true, one.pod.name);
  }
  for (const last of [0, 1, 2, 3, 4])
    assert.equal(await untilFreed({ address: `10.91.0.${last}` }), true, `${last}`);
  await until(
    'the set keeps what it wants',
    async () => (await slotOf(zero.address)).holders?.length === 0,
    freeMsMax,
  );
  assert.equal(await untilFreed(two), true);

  const { error, examined } = await collectNow();
  assert.deepEqual([error, examined > 0], [undefined, true]);
  for (const one of [...living, forced, deafEnding])
    assert.ok(await holderOf(one), `${one.pod.name} is kept`);
  for (const last of [5, 6, 7, 8]) {
    assert.notEqual((await slotOf(`10.91.0.${last}`)).holders, undefined, `10.91.0.${last} is kept`);
  }
  assert.deepEqual((await slotOf(zero.address)).holders, []);
  // The pod that has the name now gets an address as any other.
  await world.agent('deaf').start();
  await world.untilReady('deaf');
  assert.equal((await world.add(again, pool)).status, 200);
});
