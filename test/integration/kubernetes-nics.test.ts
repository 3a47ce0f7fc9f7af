import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createNode } from '../support/cluster-objects.ts';
import { readRecords } from '../support/cluster-records.ts';
import { addressesOf, assertRefused, resultOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';
import type { PodOptions } from './harness/world-options.ts';

const world = await ClusterWorld.create({
  nodes: ['node-a', 'node-b'],
  conf: { enableSpiderSubnet: true },
  env: { MULTUS_CLUSTER_NETWORK: 'kube-system/first' },
});
after(() => world[Symbol.asyncDispose]());
await createNode(world.plane, 'node-a', { labels: { zone: 'a' } });
await world.admin('POST', '/api/v1/namespaces', {
  metadata: {
    name: 'both',
    labels: { team: 'both' },
    annotations: {
      'ipam.spidernet.io/default-ipv4-ippool': '["wide-*"]',
      'ipam.spidernet.io/default-ipv6-ippool': '["six"]',
    },
  },
});

const pools: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'wide-a': { subnet: '10.101.0.0/24', gateway: '10.101.0.1', ips: ['10.101.0.10-10.101.0.99'] },
  'wide-b': { subnet: '10.102.0.0/24', gateway: '10.102.0.1', ips: ['10.102.0.10-10.102.0.99'] },
  storage: {
    subnet: '10.103.0.0/24',
    gateway: '10.103.0.1',
    ips: ['10.103.0.10-10.103.0.99'],
    routes: [{ dst: '172.16.0.0/12', gw: '10.103.0.254' }],
  },
  tiny: { subnet: '10.104.0.0/24', ips: ['10.104.0.10'] },
  'tiny-too': { subnet: '10.109.0.0/24', ips: ['10.109.0.10'] },
  six: { subnet: 'fd00:101::/64', gateway: 'fd00:101::1', ips: ['fd00:101::10-fd00:101::99'] },
  'six-tiny': { subnet: 'fd00:102::/64', ips: ['fd00:102::10'] },
  'of-zone': {
    subnet: '10.105.0.0/24',
    ips: ['10.105.0.10-10.105.0.99'],
    nodeAffinity: { matchLabels: { zone: 'a' } },
    namespaceAffinity: { matchLabels: { team: 'both' } },
    podAffinity: { matchLabels: { app: 'web' } },
  },
  'of-first': {
    subnet: '10.106.0.0/24',
    ips: ['10.106.0.10-10.106.0.99'],
    multusName: ['kube-system/first'],
  },
  'of-net': { subnet: '10.107.0.0/24', ips: ['10.107.0.10-10.107.0.99'], multusName: ['lan/storage'] },
};
for (const [name, spec] of Object.entries(pools)) await world.createPool(name, spec);
await world.admin('POST', '/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips', {
  apiVersion: 'spiderpool.spidernet.io/v2beta1',
  kind: 'SpiderReservedIP',
  metadata: { name: 'kept' },
  spec: { ips: ['10.101.0.50'] },
});

let pods = 0;

function createPod(options: PodOptions = {}, node = 'node-a'): Promise<WorldPod> {
  pods += 1;
  return world.createPod(`pod-${pods}`, node, options);
}

function ippools(elements: readonly object[], more: Readonly<Record<string, string>> = {}): PodOptions {
  return { annotations: { 'ipam.spidernet.io/ippools': JSON.stringify(elements), ...more } };
}

/** Every address of a pod, with its NIC. */
async function recordsOf({ uid }: WorldPod): Promise<readonly string[]> {
  const uses = (await world.uses()).filter((use) => use.uid === uid);
  return uses.map(({ nic, pool }) => `${nic} ${pool}`).toSorted();
}

/** An ADD that has to be refused, and may leave nothing behind. */
async function assertNothingGiven(
  pod: WorldPod,
  code: number,
  message: RegExp,
  ipam: Readonly<Record<string, unknown>> = {},
  nic = 'eth0',
): Promise<void> {
  assertRefused(await world.add(pod, ipam, nic), code, message);
  assert.deepEqual(await recordsOf(pod), []);
}

/** Ends a pod as its runtime does: a DEL for each NIC. */
async function endPod(pod: WorldPod, nics: readonly string[] = ['eth0']): Promise<void> {
  const [first = 'eth0', ...others] = nics;
  await world.endPod(pod, {}, first);
  for (const nic of others) await world.del(pod, {}, nic);
  assert.deepEqual(await recordsOf(pod), []);
}

test('two ADDs of a pod whose ippools name no NIC follow the order of its networks', async () => {
  const networks = { 'k8s.v1.cni.cncf.io/networks': 'lan/storage@data0, lan/other' };
  const elements = [
    { ipv4: ['wide-a'] },
    { ipv4: ['storage'], ipv6: ['six'], cleangateway: true },
    { ipv4: ['wide-b'] },
  ];
  const pod = await createPod(ippools(elements, networks));
  const first = resultOf(await world.add(pod, {}));
  assert.match(first.ips[0]?.address ?? '', /^10\.101\./);
  const all = ['data0 six', 'data0 storage', 'eth0 wide-a', 'net2 wide-b'];
  assert.deepEqual(await recordsOf(pod), all);
  const second = resultOf(await world.add(pod, { clean_gateway: true }, 'data0'));
  assert.match(second.ips[0]?.address ?? '', /^10\.103\.0\.\d+\/24$/);
  assert.match(second.ips[1]?.address ?? '', /^fd00:101::[0-9a-f]+\/64$/);
  // The item's cleangateway takes away both default routes and nothing else.
  assert.deepEqual(second.routes, [{ dst: '172.16.0.0/12', gw: '10.103.0.254' }]);
  assert.equal(second.ips[0]?.gateway, '10.103.0.1');
  // The configuration's clean_gateway does not count where ippools decides.
  const third = resultOf(await world.add(pod, { clean_gateway: true }, 'net2'));
  assert.deepEqual(third.routes, [{ dst: '0.0.0.0/0', gw: '10.102.0.1' }]);
  assert.deepEqual(await recordsOf(pod), all);
  await endPod(pod, ['net2', 'data0', 'eth0']);
});

test('ippools are all or nothing: a NIC whose pool is exhausted costs the other NICs nothing', async () => {
  const holder = await createPod();
  resultOf(await world.add(holder, { default_ipv4_ippool: ['tiny'] }));
  const pod = await createPod(
    ippools([
      { interface: 'eth0', ipv4: ['wide-a'], ipv6: ['six'] },
      { interface: 'net1', ipv4: ['tiny'] },
    ]),
  );
  for (let times = 0; times < 3; times++) {
    await assertNothingGiven(pod, 103, /no free IPv4 address for NIC net1: pool tiny \(total 1, allocated 1/);
  }
  assert.equal((await world.uses()).length, 1);
  await endPod(holder);
  const first = resultOf(await world.add(pod, {}));
  assert.equal(first.ips.length, 2);
  assert.deepEqual(await recordsOf(pod), ['eth0 six', 'eth0 wide-a', 'net1 tiny']);
  assert.match(resultOf(await world.add(pod, {}, 'net1')).ips[0]?.address ?? '', /^10\.104\.0\.10\//);
  await endPod(pod, ['eth0', 'net1']);
});

test('ADDs of all NICs of a pod at once reserve each NIC once', async () => {
  const pod = await createPod(
    ippools([
      { interface: 'eth0', ipv4: ['wide-a'], ipv6: ['six'] },
      { interface: 'net1', ipv4: ['wide-a'] },
    ]),
  );
  const calls = ['eth0', 'net1', 'eth0', 'net1'].map(async (nic) =>
    addressesOf(await world.add(pod, {}, nic)),
  );
  const [first, second, ...again] = await Promise.all(calls);
  assert.deepEqual(again, [first, second]);
  assert.deepEqual(await recordsOf(pod), ['eth0 six', 'eth0 wide-a', 'net1 wide-a']);
  await endPod(pod, ['eth0', 'net1']);
});

test('pods that want each other’s last address neither wait for ever nor keep half', async () => {
  const crossing = [
    ['tiny', 'tiny-too'],
    ['tiny-too', 'tiny'],
  ].map(([eth0 = '', net1 = '']) =>
    ippools([
      { interface: 'eth0', ipv4: [eth0] },
      { interface: 'net1', ipv4: [net1] },
    ]),
  );
  let served = 0;
  for (let round = 0; round < 5; round++) {
    const both = await Promise.all(
      crossing.map((options, index) => createPod(options, `node-${'ab'[index]}`)),
    );
    const answers = await Promise.all(both.map((pod) => world.add(pod, {})));
    for (const [index, answer] of answers.entries()) {
      const pod = both[index] ?? assert.fail();
      assert.equal((await recordsOf(pod)).length, answer.status === 200 ? 2 : 0, answer.text);
      if (answer.status !== 200) assertRefused(answer, 103, /no free IPv4 address for NIC (?:eth0|net1)/);
    }
    const winner = both.find((_, index) => answers[index]?.status === 200);
    assert.equal((await world.uses()).length, winner === undefined ? 0 : 2);
    if (winner !== undefined) served++;
    for (const pod of both) await endPod(pod, ['eth0', 'net1']);
  }
  assert.ok(served > 0, 'each time both were refused');
});

test('a NIC that ippools name and no ADD ever asks for goes with its pod', async () => {
  const pod = await createPod(
    ippools([
      { interface: 'eth0', ipv4: ['wide-a'] },
      { interface: 'net1', ipv4: ['storage'] },
    ]),
  );
  resultOf(await world.add(pod, {}));
  await world.endPod(pod);
  await until('nothing is left', async () => (await recordsOf(pod)).length === 0, 180_000);
});

test('dual stack is all or nothing: an exhausted IPv6 pool costs no IPv4 address', async () => {
  const ipam = { default_ipv4_ippool: ['wide-a'], default_ipv6_ippool: ['six-tiny'] };
  const holder = await createPod();
  assert.equal(addressesOf(await world.add(holder, ipam)).length, 2);
  const pod = await createPod();
  await assertNothingGiven(pod, 103, /no free IPv6 address for NIC eth0: pool six-tiny/, ipam);
  await endPod(holder);
  assert.equal(addressesOf(await world.add(pod, ipam)).length, 2);
  await endPod(pod);
});

test('patterns of a namespace find its pools, and both families are served', async () => {
  const pod = await createPod({ namespace: 'both' });
  const { ips, routes } = resultOf(await world.add(pod, { default_ipv4_ippool: ['storage'] }));
  assert.match(ips[0]?.address ?? '', /^10\.101\.0\.\d+\/24$/);
  assert.match(ips[1]?.address ?? '', /^fd00:101::[0-9a-f]+\/64$/);
  assert.deepEqual(routes, [
    { dst: '0.0.0.0/0', gw: '10.101.0.1' },
    { dst: '::/0', gw: 'fd00:101::1' },
  ]);
  await endPod(pod);
});

test('labels of node, namespace and pod, and the networks of Multus, decide which pool may serve', async () => {
  const zone = { default_ipv4_ippool: ['of-zone'] };
  const fits = await createPod({ namespace: 'both', labels: { app: 'web' }, annotations: ippool('of-zone') });
  assert.match(addressesOf(await world.add(fits, zone))[0] ?? '', /^10\.105\./);
  await endPod(fits);
  const noLabel = await createPod({ namespace: 'both', annotations: ippool('of-zone') });
  await assertNothingGiven(noLabel, 102, /has podAffinity, which the labels of pod pod-\d+ do not match/);
  const other = await createPod({ labels: { app: 'web' }, annotations: ippool('of-zone') });
  await assertNothingGiven(other, 102, /has namespaceAffinity, which the labels of namespace default do not/);
  const elsewhere = await createPod({ namespace: 'both', annotations: ippool('of-zone') }, 'node-b');
  await assertNothingGiven(elsewhere, 102, /has nodeAffinity, .* node node-b/);

  const first = await createPod();
  assert.match(
    addressesOf(await world.add(first, { default_ipv4_ippool: ['of-first'] }))[0] ?? '',
    /^10\.106\./,
  );
  await endPod(first);
  const networks = { 'k8s.v1.cni.cncf.io/networks': '[{"name":"storage","namespace":"lan"}]' };
  const second = await createPod({ annotations: networks });
  const ofNet = { default_ipv4_ippool: ['of-net'] };
  await assertNothingGiven(
    second,
    102,
    /has multusName lan\/storage, and .* eth0 is kube-system\/first/,
    ofNet,
  );
  assert.match(addressesOf(await world.add(second, ofNet, 'net1'))[0] ?? '', /^10\.107\./);
  await endPod(second, ['net1']);
});

function ippool(name: string): Readonly<Record<string, string>> {
  return { 'ipam.spidernet.io/ippool': JSON.stringify({ ipv4: [name] }) };
}

test('routes of the pod go to the NIC whose subnet has their gateway', async () => {
  const routes = [
    { dst: '10.9.0.0/16', gw: '10.103.0.7' },
    { dst: '10.8.0.0/16', gw: '10.101.0.7' },
    { dst: 'fd09::/16', gw: 'fd00:101::7' },
    { dst: '10.7.0.0/16', gw: '192.168.0.1' },
  ];
  const pod = await createPod(
    ippools(
      [
        { interface: 'eth0', ipv4: ['wide-a'], ipv6: ['six'] },
        { interface: 'net1', ipv4: ['storage'], cleangateway: true },
      ],
      { 'ipam.spidernet.io/routes': JSON.stringify(routes) },
    ),
  );
  for (let times = 0; times < 2; times++) {
    assert.deepEqual(resultOf(await world.add(pod, {})).routes, [
      { dst: '10.8.0.0/16', gw: '10.101.0.7' },
      { dst: '0.0.0.0/0', gw: '10.101.0.1' },
      { dst: 'fd09::/16', gw: 'fd00:101::7' },
      { dst: '::/0', gw: 'fd00:101::1' },
    ]);
    assert.deepEqual(resultOf(await world.add(pod, {}, 'net1')).routes, [
      { dst: '172.16.0.0/12', gw: '10.103.0.254' },
      { dst: '10.9.0.0/16', gw: '10.103.0.7' },
    ]);
  }
  await endPod(pod, ['eth0', 'net1']);
});

/** A pod whose first further network insists on an address. */
function asking(address: string): PodOptions {
  const networks = JSON.stringify([{ name: 'storage', namespace: 'lan', ips: [address] }]);
  return { annotations: { 'k8s.v1.cni.cncf.io/networks': networks } };
}

test('an address that is asked for is given, or refused with the reason', async () => {
  const storage = { default_ipv4_ippool: ['storage'] };
  const pod = await createPod(asking('10.103.0.77/24'));
  assert.deepEqual(addressesOf(await world.add(pod, storage, 'net1')), ['10.103.0.77']);
  const same = await createPod(asking('10.103.0.77'), 'node-b');
  await assertNothingGiven(same, 104, /10\.103\.0\.77 is taken: pod default\/pod-\d+/, storage, 'net1');
  const outside = await createPod(asking('10.103.0.200'));
  await assertNothingGiven(outside, 104, /pool storage does not contain 10\.103\.0\.200/, storage, 'net1');
  const reserved = await createPod(asking('10.101.0.50'));
  const wide = { default_ipv4_ippool: ['wide-a'] };
  await assertNothingGiven(reserved, 104, /a SpiderReservedIP reserves it/, wide, 'net1');
  await endPod(pod, ['net1']);
});

test('a subnet annotation is refused while enableSpiderSubnet is on', async () => {
  for (const [key, value] of [
    ['subnet', '{"ipv4":["a"]}'],
    ['subnets', '[{"interface":"eth0","ipv4":["a"]}]'],
  ] as const) {
    const pod = await createPod({
      annotations: { [`ipam.spidernet.io/${key}`]: value, ...ippool('wide-a') },
    });
    const message = new RegExp(
      `ipam\\.spidernet\\.io/${key} is not supported yet: remove it and name pools with`,
    );
    await assertNothingGiven(pod, 105, message);
  }
});

test('a pool with records of the original is refused until they are imported, and others serve', async () => {
  const name = 'with-records';
  await world.createPool(name, { subnet: '10.108.0.0/24', ips: ['10.108.0.10-10.108.0.99'] });
  const path = `/apis/spiderpool.spidernet.io/v2beta1/spiderippools/${name}`;
  await world.admin('PATCH', `${path}/status`, {
    status: { allocatedIPs: '{"10.108.0.10":{"pod":"default/x","podUid":"u"}}', allocatedIPCount: 1 },
  });
  // A status alone is no reason to read a pool again; a change of the pool is.
  await world.admin('PATCH', path, { spec: { ips: ['10.108.0.10-10.108.0.98'] } });
  await world.untilPool(name, ({ total }) => total === 89);
  const pod = await createPod();
  await assertNothingGiven(pod, 109, /pool with-records has records of the original/, {
    default_ipv4_ippool: [name],
  });
  assert.match(
    addressesOf(await world.add(pod, { default_ipv4_ippool: [name, 'wide-a'] }))[0] ?? '',
    /^10\.101\./,
  );
  await endPod(pod);
  await world.admin('PATCH', path, { metadata: { annotations: { 'ipam.spidernet.io/ledger': 'blocks' } } });
  const served = await world.addUntilServed(await createPod(), { default_ipv4_ippool: [name] });
  assert.match(served.addresses[0] ?? '', /^10\.108\./);
  await endPod(served.pod);
});

test('a StatefulSet’s pod moves the NIC whose pool changed, and keeps the others', async () => {
  const template = {
    metadata: { labels: { app: 's' } },
    spec: { containers: [{ name: 'm', image: 'none' }] },
  };
  const set = await world.admin('POST', '/apis/apps/v1/namespaces/default/statefulsets', {
    metadata: { name: 'many' },
    spec: { replicas: 1, serviceName: 'many', selector: { matchLabels: { app: 's' } }, template },
  });
  const { uid } = (set as { metadata: { uid: string } }).metadata;
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'many', uid, controller: true };
  const start = (node: string, elements: readonly object[], more = {}): Promise<WorldPod> =>
    world.createPod('many-0', node, { ownerReferences: [owner], ...ippools(elements, more) });
  const run = async (pod: WorldPod): Promise<Readonly<Record<string, readonly string[]>>> => ({
    net1: addressesOf(await world.add(pod, {}, 'net1')),
    eth0: addressesOf(await world.add(pod, {})),
  });
  const end = async (pod: WorldPod): Promise<void> => {
    await world.endPod(pod, {}, 'net1');
    await world.del(pod);
  };
  const kept = async () => {
    const { keeps } = await readRecords(world.plane);
    return keeps.filter((one) => one.owner === 'StatefulSet/default/many-0').map(({ address }) => address);
  };

  const first = await start('node-a', [
    { interface: 'eth0', ipv4: ['wide-a'], ipv6: ['six'] },
    { interface: 'net1', ipv4: ['storage'] },
  ]);
  const before = await run(first);
  await end(first);
  assert.equal((await kept()).length, 3);
  // The first NIC's IPv4 pool changes: the original could never start this pod again.
  const second = await start('node-b', [
    { interface: 'eth0', ipv4: ['wide-b'], ipv6: ['six'] },
    { interface: 'net1', ipv4: ['storage'] },
  ]);
  const after2 = await run(second);
  assert.deepEqual(after2['net1'], before['net1']);
  assert.match(after2['eth0']?.[0] ?? '', /^10\.102\./);
  assert.deepEqual(after2['eth0']?.[1], before['eth0']?.[1]);
  assert.deepEqual(await recordsOf(second), ['eth0 six', 'eth0 wide-b', 'net1 storage']);
  await end(second);
  // Nameless now, the other NIC moves.
  const third = await start('node-a', [{ ipv4: ['wide-b'], ipv6: ['six'] }, { ipv4: ['wide-a'] }], {
    'k8s.v1.cni.cncf.io/networks': 'lan/storage',
  });
  const after3 = await run(third);
  assert.deepEqual(after3['eth0'], after2['eth0']);
  assert.match(after3['net1']?.[0] ?? '', /^10\.101\./);
  await end(third);
  // A family and a NIC that are not asked for any more are given up.
  const fourth = await start('node-a', [{ interface: 'eth0', ipv4: ['wide-b'] }]);
  assert.deepEqual(addressesOf(await world.add(fourth, {})), [after3['eth0']?.[0]]);
  await until('what is not asked for any more is free', async () => (await kept()).length === 0);
  assert.deepEqual(await recordsOf(fourth), ['eth0 wide-b']);
  await world.endPod(fourth);
  assert.deepEqual(await kept(), after3['eth0']?.slice(0, 1));
});

test('in the end nothing is recorded', async () => {
  await world.untilSettled();
});
