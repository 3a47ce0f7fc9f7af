import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { SocketResponse } from '../support/socket-client.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';
import type { PodOptions } from './harness/world-options.ts';

const world = await ClusterWorld.create({
  nodes: ['node-a'],
});
after(() => world[Symbol.asyncDispose]());
await world.createPool('four', {
  subnet: '10.111.0.0/24',
  gateway: '10.111.0.1',
  ips: ['10.111.0.10-10.111.0.99'],
  routes: [{ dst: '172.16.0.0/12', gw: '10.111.0.254' }],
  default: true,
});
await world.createPool('six', {
  subnet: 'fd00:111::/64',
  gateway: 'fd00:111::1',
  ips: ['fd00:111::10-fd00:111::99'],
});
await world.createPool('tiny', { subnet: '10.112.0.0/24', ips: ['10.112.0.10'] });

let pods = 0;

function createPod(options: PodOptions = {}): Promise<WorldPod> {
  pods += 1;
  return world.createPod(`pod-${pods}`, 'node-a', options);
}

/** What the original's plugin sends for a NIC. */
function argsOf({ namespace, name, uid, sandbox, netns }: WorldPod, ifName = 'eth0') {
  const pod = { podNamespace: namespace, podName: name, podUID: uid };
  return { containerID: sandbox, ifName, netNamespace: netns, ...pod };
}

function ask(method: string, path: string, body?: object): Promise<SocketResponse> {
  return world.agent('node-a').request(method, path, body);
}

const add = (pod: WorldPod, nic = 'eth0', more = {}) =>
  ask('POST', '/v1/ipam/ip', { ...argsOf(pod, nic), ...more });
const del = (pod: WorldPod, nic = 'eth0', more = {}) =>
  ask('DELETE', '/v1/ipam/ip', { ...argsOf(pod, nic), ...more });

function delAll(pod: WorldPod, more = {}): Promise<SocketResponse> {
  const { ifName: _, ...args } = argsOf(pod);
  return ask('DELETE', '/v1/ipam/ips', { ...args, ...more });
}

async function recordsOf(uid: string): Promise<readonly string[]> {
  const uses = (await world.uses()).filter((use) => use.uid === uid);
  return uses.map(({ nic, address }) => `${nic} ${address}`).toSorted();
}

/** What the schema of the original calls a bare string. */
function assertFailed(answer: SocketResponse, status: number, message: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(typeof answer.body, 'string');
  assert.match(String(answer.body), message);
}

test('POST /v1/ipam/ip answers every NIC that the pod’s ippools name, each with its own routes', async () => {
  const list = [
    { interface: 'eth0', ipv4: ['four'], ipv6: ['six'] },
    { interface: 'net1', ipv4: ['four'], cleangateway: true },
  ];
  const annotations = {
    'ipam.spidernet.io/ippools': JSON.stringify(list),
    'ipam.spidernet.io/routes': '[{"dst":"10.9.0.0/16","gw":"10.111.0.9"}]',
  };
  const pod = await createPod({ annotations });
  const first = await add(pod);
  assert.equal(first.status, 200, first.text);
  const { ips } = first.body as { ips: readonly { address: string }[] };
  const [four, six, second] = ips.map(({ address }) => address);
  assert.notEqual(four, second);
  assert.deepEqual(first.body, {
    ips: [
      { version: 4, address: four, nic: 'eth0', ipPool: 'four', gateway: '10.111.0.1' },
      { version: 6, address: six, nic: 'eth0', ipPool: 'six', gateway: 'fd00:111::1' },
      { version: 4, address: second, nic: 'net1', ipPool: 'four', gateway: '10.111.0.1' },
    ],
    routes: [
      { ifName: 'eth0', dst: '172.16.0.0/12', gw: '10.111.0.254' },
      { ifName: 'eth0', dst: '10.9.0.0/16', gw: '10.111.0.9' },
      { ifName: 'eth0', dst: '0.0.0.0/0', gw: '10.111.0.1' },
      { ifName: 'eth0', dst: '::/0', gw: 'fd00:111::1' },
      { ifName: 'net1', dst: '172.16.0.0/12', gw: '10.111.0.254' },
    ],
  });
  assert.deepEqual((await add(pod, 'net1')).body, first.body);
  assert.equal((await recordsOf(pod.uid)).length, 3);

  const endpoint = await ask('GET', query(pod.name));
  assert.equal(endpoint.status, 200);
  const ofPool = { dst: '172.16.0.0/12', gw: '10.111.0.254' };
  assert.deepEqual(endpoint.body, {
    podNamespace: 'default',
    podName: pod.name,
    podUID: pod.uid,
    node: 'node-a',
    interfaces: [
      {
        interface: 'eth0',
        ipv4: four,
        ipv4Pool: 'four',
        ipv4Gateway: '10.111.0.1',
        ipv6: six,
        ipv6Pool: 'six',
        ipv6Gateway: 'fd00:111::1',
        routes: [
          { ifName: 'eth0', ...ofPool },
          { ifName: 'eth0', dst: '10.9.0.0/16', gw: '10.111.0.9' },
        ],
      },
      {
        interface: 'net1',
        ipv4: second,
        ipv4Pool: 'four',
        ipv4Gateway: '10.111.0.1',
        routes: [{ ifName: 'net1', ...ofPool }],
      },
    ],
  });

  // The pod lives: nothing is freed, however often it is asked.
  for (const nic of ['eth0', 'net1', 'net9']) {
    const answer = await del(pod, nic);
    assert.deepEqual([answer.status, answer.text], [200, '']);
  }
  assert.equal((await recordsOf(pod.uid)).length, 3);
  await world.removePod(pod);
  await world.endSandbox(pod);
  for (const nic of ['eth0', 'net1', 'eth0']) assert.equal((await del(pod, nic)).status, 200);
  assert.deepEqual(await recordsOf(pod.uid), []);
});

test('POST /v1/ipam/ip gives all NICs of ippools or none, and says which one can not be served', async () => {
  const list = [{ ipv4: ['four'] }, { ipv4: ['tiny'] }];
  const holder = await createPod();
  assert.equal((await add(holder, 'eth0', { defaultIPv4IPPool: ['tiny'] })).status, 200);
  const pod = await createPod({ annotations: { 'ipam.spidernet.io/ippools': JSON.stringify(list) } });
  assertFailed(await add(pod), 500, /no free IPv4 address for NIC net1: pool tiny \(total 1, allocated 1,/);
  assert.deepEqual(await recordsOf(pod.uid), []);
  assert.equal((await delAll(holder)).status, 200);
  assert.equal((await add(pod)).status, 200);
  assert.equal((await recordsOf(pod.uid)).length, 2);
});

test('POST /v1/ipam/ip takes a pod without a UID for the one that has the name, and refuses others', async () => {
  const pod = await createPod();
  assert.equal((await add({ ...pod, uid: '' })).status, 200);
  assert.equal((await recordsOf(pod.uid)).length, 1);
  assertFailed(await add({ ...pod, uid: 'another' }), 500, /with UID "another" is gone/);
  assertFailed(await add({ ...pod, name: 'nobody' }), 500, /pod default\/nobody does not exist/);
  const wrong = await createPod({ annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["fuor"]}' } });
  assertFailed(await add(wrong), 500, /pool fuor, named in the pod annotation .* does not exist/);
  assert.deepEqual(await recordsOf(wrong.uid), []);
});

test('DELETE /v1/ipam/ips takes all NICs of a pod that lives, but not of a static workload with a conflict', async () => {
  const pod = await createPod();
  for (const nic of ['eth0', 'net1']) assert.equal((await add(pod, nic)).status, 200);
  assert.equal((await recordsOf(pod.uid)).length, 2);
  const released = await delAll(pod, { isReleaseConflictIPs: true });
  assert.deepEqual([released.status, released.text], [200, '']);
  assert.deepEqual(await recordsOf(pod.uid), []);

  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: pod.uid, controller: true };
  const fixed = await world.createPod('db-0', 'node-a', { ownerReferences: [owner] });
  assert.equal((await add(fixed)).status, 200);
  assertFailed(await delAll(fixed, { isReleaseConflictIPs: true }), 522, /static workload/);
  assert.equal((await recordsOf(fixed.uid)).length, 1);
  // Without the flag, which the original's plugin does not set, it is done.
  assert.equal((await delAll(fixed)).status, 200);
  assert.deepEqual(await recordsOf(fixed.uid), []);
});

function query(podName: string): string {
  return `/v1/workloadendpoint?podNamespace=default&podName=${podName}`;
}

test('GET /v1/coordinator/config reads its arguments from a body, and the cluster’s SpiderCoordinator', async () => {
  assertFailed(await ask('GET', '/v1/coordinator/config'), 500, /there is no SpiderCoordinator/);
  await createCoordinator({
    mode: 'underlay',
    tunePodRoutes: false,
    podCIDRType: 'auto',
    hostRuleTable: 500,
  });
  const pod = await createPod({ annotations: { 'ipam.spidernet.io/default-route-nic': 'net1' } });
  const args = { podNamespace: pod.namespace, podName: pod.name };
  const config = await until('the coordinator is ready', async () => {
    const answer = await ask('GET', '/v1/coordinator/config', args);
    if (answer.status === 200) return answer.body;
    assertFailed(answer, 500, /there is no SpiderCoordinator|is not ready/);
    return undefined;
  });
  assert.deepEqual(config, {
    mode: 'underlay',
    overlayPodCIDR: ['10.244.0.0/16'],
    serviceCIDR: ['10.96.0.0/16'],
    tunePodRoutes: false,
    hostRuleTable: 500,
    podDefaultRouteNIC: 'net1',
  });
});

async function createCoordinator(spec: object): Promise<void> {
  const group = 'spiderpool.spidernet.io';
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await world.admin('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `spidercoordinators.${group}` },
    spec: {
      group,
      scope: 'Cluster',
      names: { plural: 'spidercoordinators', singular: 'spidercoordinator', kind: 'SpiderCoordinator' },
      versions: [{ name: 'v2beta1', served: true, storage: true, subresources: { status: {} }, schema }],
    },
  });
  const path = `/apis/${group}/v2beta1/spidercoordinators`;
  await until('the kind is served', async () => (await world.plane.adminRequest('GET', path)).status === 200);
  const object = {
    apiVersion: `${group}/v2beta1`,
    kind: 'SpiderCoordinator',
    metadata: { name: 'default' },
    spec,
  };
  await world.admin('POST', path, object);
  const status = { phase: 'Synced', overlayPodCIDR: ['10.244.0.0/16'], serviceCIDR: ['10.96.0.0/16'] };
  await world.admin('PATCH', `${path}/default/status`, { status });
}

test('other requests have the statuses of the original', async () => {
  assertFailed(await ask('GET', query('nobody')), 404, /no address is recorded for pod default\/nobody/);
  const cases = [
    ['GET', '/v1/ipam/healthy', 200],
    ['POST', '/v1/ipam/ips', 200],
    ['GET', query(''), 422],
    ['PUT', '/v1/ipam/ip', 405],
    ['GET', '/v1/ipam/nothing', 404],
  ] as const;
  for (const [method, path, status] of cases) assert.equal((await ask(method, path)).status, status, path);
});
