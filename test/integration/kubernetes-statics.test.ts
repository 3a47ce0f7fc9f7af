import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readRecords } from '../support/cluster-records.ts';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';
import type { PodOptions } from './harness/world-options.ts';

const world = await ClusterWorld.create({
  nodes: ['node-a', 'node-b'],
  conf: { enableKubevirtStaticIP: true },
});
after(() => world[Symbol.asyncDispose]());
await world.createPool('old', { subnet: '10.79.0.0/24', ips: ['10.79.0.1-10.79.0.60'] });
await world.createPool('new', { subnet: '10.80.0.0/24', ips: ['10.80.0.1-10.80.0.60'] });
const oldPool = { default_ipv4_ippool: ['old'] };
const newPool = { default_ipv4_ippool: ['new'] };

async function createStatefulSet(name: string, replicas: number): Promise<PodOptions> {
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  };
  const set = await world.admin('POST', '/apis/apps/v1/namespaces/default/statefulsets', {
    metadata: { name },
    spec: { replicas, serviceName: name, selector: { matchLabels: { app: name } }, template },
  });
  const { uid } = (set as { metadata: { uid: string } }).metadata;
  return {
    labels: { app: name },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid, controller: true }],
  };
}

async function scale(name: string, replicas: number): Promise<void> {
  await world.admin('PATCH', `/apis/apps/v1/namespaces/default/statefulsets/${name}`, { spec: { replicas } });
}

async function start(
  name: string,
  node: string,
  options: PodOptions,
  ipam: Readonly<Record<string, unknown>> = oldPool,
): Promise<{ readonly pod: WorldPod; readonly address: string }> {
  const pod = await world.createPod(name, node, options);
  return { pod, address: addressesOf(await world.add(pod, ipam))[0] ?? '' };
}

async function kept(owner: string): Promise<readonly string[]> {
  const { keeps } = await readRecords(world.plane);
  return keeps.filter((one) => one.owner === owner).map(({ address }) => address);
}

test('a StatefulSet’s pod keeps its address over a restart, also on another node', async () => {
  const options = await createStatefulSet('db', 2);
  const first = await start('db-0', 'node-a', options);
  await world.endPod(first.pod);
  assert.deepEqual(await kept('StatefulSet/default/db-0'), [first.address]);
  const second = await start('db-0', 'node-b', options);
  assert.equal(second.address, first.address);
  // The DEL of the former pod comes late, from the node that it ran on.
  await world.del(first.pod);
  await world.untilSettled();
  await world.endPod(second.pod);
  const third = await start('db-0', 'node-a', options);
  assert.equal(third.address, first.address);
  await world.endPod(third.pod);
});

test('a StatefulSet’s pod moves to another pool when its pools change, and the old address is freed', async () => {
  const options = await createStatefulSet('move', 1);
  const first = await start('move-0', 'node-a', options);
  await world.endPod(first.pod);
  const second = await start('move-0', 'node-b', options, newPool);
  assert.match(second.address, /^10\.80\.0\./);
  assert.deepEqual(await kept('StatefulSet/default/move-0'), []);
  await world.untilSettled();
  await world.endPod(second.pod);
  await scale('move', 0);
});

test('a StatefulSet’s pod keeps its address although its pool is disabled', async () => {
  const options = await createStatefulSet('off', 1);
  const first = await start('off-0', 'node-a', options);
  await world.endPod(first.pod);
  await world.changePool('old', { disable: true });
  const second = await start('off-0', 'node-b', options);
  assert.equal(second.address, first.address);
  await world.endPod(second.pod);
  await world.changePool('old', { disable: false });
  await scale('off', 0);
});

test('a scaled-down ordinal frees its address at its DEL, one that went before at the next sweep', async () => {
  const options = await createStatefulSet('less', 3);
  const pods = [];
  for (let ordinal = 0; ordinal < 3; ordinal++)
    pods.push(await start(`less-${ordinal}`, ordinal % 2 ? 'node-b' : 'node-a', options));
  const [zero, one, two] = pods;
  assert.ok(zero && one && two);
  await scale('less', 2);
  await world.endPod(two.pod);
  assert.deepEqual(await kept('StatefulSet/default/less-2'), []);
  await world.endPod(one.pod);
  assert.deepEqual(await kept('StatefulSet/default/less-1'), [one.address]);
  await scale('less', 1);
  await until(
    'the scaled-down ordinal’s address is free',
    async () => (await kept('StatefulSet/default/less-1')).length === 0,
    180_000,
  );
  await world.endPod(zero.pod);
  assert.deepEqual(await kept('StatefulSet/default/less-0'), [zero.address]);
  await world.admin('DELETE', '/apis/apps/v1/namespaces/default/statefulsets/less');
  await until(
    'the deleted set’s address is free',
    async () => (await kept('StatefulSet/default/less-0')).length === 0,
    180_000,
  );
});

test('a VM keeps its address over a live migration and is given up when the VM is gone', async () => {
  await createKubevirtCrds();
  const vms = '/apis/kubevirt.io/v1/namespaces/default/virtualmachines';
  const instances = '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances';
  await world.admin('POST', vms, vmObject('VirtualMachine'));
  const instance = await world.admin('POST', instances, vmObject('VirtualMachineInstance'));
  const { uid } = (instance as { metadata: { uid: string } }).metadata;
  const options = {
    ownerReferences: [
      { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: 'vm', uid, controller: true },
    ],
  };
  const source = await start('virt-launcher-vm-a', 'node-a', options);
  const target = await world.createPod('virt-launcher-vm-b', 'node-b', options);
  const answer = await world.addShared(target, oldPool);
  assert.deepEqual(addressesOf(answer), [source.address]);
  const both = (await world.uses()).filter(({ address }) => address === source.address);
  assert.deepEqual(both.map(({ pod }) => pod).toSorted(), [
    'default/virt-launcher-vm-a',
    'default/virt-launcher-vm-b',
  ]);
  await world.endPod(source.pod);
  await world.untilSettled();
  await world.endPod(target);
  assert.deepEqual(await kept('VirtualMachineInstance/default/vm'), [source.address]);
  // Other pools are for new machines, whether they can be used or not.
  for (const disable of [false, true]) {
    await world.changePool('new', { disable });
    const again = await start(`virt-launcher-vm-${disable ? 'd' : 'c'}`, 'node-a', options, newPool);
    assert.equal(again.address, source.address);
    await world.endPod(again.pod);
  }
  await world.admin('DELETE', `${instances}/vm`);
  await world.admin('DELETE', `${vms}/vm`);
  await until(
    'the VM’s address is free',
    async () => (await kept('VirtualMachineInstance/default/vm')).length === 0,
    180_000,
  );
});

function vmObject(kind: string): unknown {
  return { apiVersion: 'kubevirt.io/v1', kind, metadata: { name: 'vm' }, spec: {} };
}

async function createKubevirtCrds(): Promise<void> {
  for (const [kind, plural] of [
    ['VirtualMachine', 'virtualmachines'],
    ['VirtualMachineInstance', 'virtualmachineinstances'],
  ] as const) {
    const schema = {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    };
    await world.admin('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${plural}.kubevirt.io` },
      spec: {
        group: 'kubevirt.io',
        scope: 'Namespaced',
        names: { kind, plural, singular: kind.toLowerCase() },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await until(`${kind} is served`, async () => {
      const { status } = await world.plane.adminRequest('GET', `/apis/kubevirt.io/v1/${plural}`);
      return status === 200;
    });
  }
}
