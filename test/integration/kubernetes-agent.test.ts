import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import type { SocketResponse } from '../support/socket-client.ts';
import { addressesOf, addressOf, assertRefused, assertSilentSuccess, resultOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import { type Call, TestNode } from './harness/node.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';
import type { PodOptions } from './harness/world-options.ts';

const [healthPort, metricsPort] = [await freePort(), await freePort()];
const world = await ClusterWorld.create({
  nodes: ['node-a'],
  throughProxy: true,
  env: {
    SPIDERPOOL_HEALTH_PORT: String(healthPort),
    SPIDERPOOL_ENABLED_METRIC: 'true',
    SPIDERPOOL_METRIC_HTTP_PORT: String(metricsPort),
  },
});
after(() => world[Symbol.asyncDispose]());
const { proxy } = world;
const agent = world.agent('node-a');
/** The same agent as the compiled plugin sees it. */
const node = new TestNode(agent, undefined, new AsyncDisposableStack());

/** Pools whose second octet tells which one an address is of. */
const pools = { pod: 81, nics: 82, namespace: 83, config: 84, default: 85 } as const;
for (const [name, octet] of Object.entries(pools)) {
  await world.createPool(`of-${name}`, {
    subnet: `10.${octet}.0.0/24`,
    gateway: `10.${octet}.0.1`,
    ips: [`10.${octet}.0.10-10.${octet}.0.99`],
    default: name === 'default',
  });
}
await world.admin('POST', '/api/v1/namespaces', {
  metadata: {
    name: 'tenant',
    annotations: { 'ipam.spidernet.io/default-ipv4-ippool': '["of-namespace"]' },
  },
});

let pods = 0;

function createPod(options: PodOptions = {}): Promise<WorldPod> {
  pods += 1;
  return world.createPod(`pod-${pods}`, 'node-a', options);
}

/** A call of the plugin for a sandbox of a pod. */
function callFor({ namespace, name, uid, sandbox, netns }: WorldPod, more: Call = {}): Call {
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: name,
    K8S_POD_UID: uid,
  };
  return { containerId: sandbox, netns, args, ...more };
}

async function recordsOf(pod: WorldPod): Promise<readonly string[]> {
  return (await world.uses()).filter(({ uid }) => uid === pod.uid).map(({ address }) => address);
}

async function look(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

test('ADD takes its pools from the first source that names some', async () => {
  const config = { default_ipv4_ippool: ['of-config'] };
  const ippool = { 'ipam.spidernet.io/ippool': '{"ipv4":["of-pod"]}' };
  const cases = [
    [{ namespace: 'tenant', annotations: ippool }, config, pools.pod],
    [{ namespace: 'tenant' }, config, pools.namespace],
    [{}, config, pools.config],
    [{}, {}, pools.default],
  ] as const;
  for (const [options, ipam, octet] of cases) {
    const pod = await createPod(options);
    const address = addressOf(await world.add(pod, ipam));
    assert.match(address, new RegExp(`^10\\.${octet}\\.0\\.`));
    await world.endPod(pod);
  }
});

test('ADD refuses a bad annotation with its place, and the pod has an event that says so', async () => {
  const annotations = { 'ipam.spidernet.io/ippool': '{"ipv4":"of-pod"}' };
  const pod = await createPod({ annotations });
  const { msg } = assertRefused(await world.add(pod, {}), 105, /ipv4 must be an array/);
  assert.deepEqual(await recordsOf(pod), []);
  const event = await until('the pod has an event', async () => {
    const { items } = (await world.admin('GET', `/api/v1/namespaces/default/events`)) as {
      items: readonly { reason: string; message: string; involvedObject: { uid: string } }[];
    };
    return items.find(({ involvedObject }) => involvedObject.uid === pod.uid);
  });
  assert.deepEqual([event.reason, event.message], ['IPAllocationFailed', msg]);
  await world.endPod(pod);
});

test('the first ADD of a pod with ippools reserves all its NICs, and each NIC is told its own', async () => {
  const list = [
    { interface: 'eth0', ipv4: ['of-nics'] },
    { interface: 'net1', ipv4: ['of-nics'], cleangateway: true },
  ];
  const pod = await createPod({ annotations: { 'ipam.spidernet.io/ippools': JSON.stringify(list) } });
  const first = resultOf(await world.add(pod, {}));
  assert.equal((await recordsOf(pod)).length, 2);
  const second = resultOf(await world.add(pod, {}, 'net1'));
  assert.equal((await recordsOf(pod)).length, 2);
  assert.notEqual(first.ips[0]?.address, second.ips[0]?.address);
  assert.deepEqual(first.routes, [{ dst: '0.0.0.0/0', gw: '10.82.0.1' }]);
  assert.deepEqual(second.routes ?? [], []);
  await world.endPod(pod, {}, 'net1');
  assertSilentSuccess(await world.del(pod));
  assert.deepEqual(await recordsOf(pod), []);
});

test('ADD refuses a UID that is not the pod’s, and a pod of another node', async () => {
  const pod = await createPod();
  const other = { ...pod, uid: '00000000-0000-0000-0000-000000000000' };
  assertRefused(await world.add(other, {}), 108, new RegExp(pod.name));
  assertRefused(await world.add({ ...pod, name: 'nobody' }, {}), 108, /nobody/);
  const elsewhere = await world.createPod('elsewhere', 'node-b');
  assertRefused(await world.add({ ...elsewhere, node: 'node-a' }, {}), 108, /node-b/);
});

test('DEL keeps the address of a pod that lives, and frees it when the pod is gone', async () => {
  const pod = await createPod();
  const address = addressOf(await world.add(pod, {}));
  assertSilentSuccess(await world.del(pod));
  assert.deepEqual(await recordsOf(pod), [address]);
  const next = await world.newSandbox(pod);
  assert.equal(addressOf(await world.add(next, {})), address);
  // The DEL of the former sandbox comes again.
  assertSilentSuccess(await world.del(pod));
  await world.untilSettled();
  await world.endPod(next);
  assert.deepEqual(await recordsOf(pod), []);
});

test('the compiled plugin adds, checks and deletes a pod', async () => {
  const pod = await createPod();
  const added = await node.plugin('ADD', callFor(pod));
  const address = addressOf(added);
  assert.match(address, /^10\.85\.0\./);
  const config = { prevResult: added.stdout };
  assertSilentSuccess(await node.plugin('CHECK', callFor(pod, { config })));
  const keep = { config: { 'cni.dev/valid-attachments': [] } };
  assertSilentSuccess(await node.plugin('GC', keep));
  assert.deepEqual(await recordsOf(pod), [address]);
  await world.removePod(pod);
  await world.endSandbox(pod);
  assertSilentSuccess(await node.plugin('DEL', callFor(pod)));
  assert.deepEqual(await recordsOf(pod), []);
  assertSilentSuccess(await node.plugin('STATUS'));
});

test('explain tells for a pod of the cluster what its ADD then gets', async () => {
  const annotations = { 'ipam.spidernet.io/ippool': '{"ipv4":["of-pod"]}' };
  const pod = await createPod({ annotations });
  const response = await agent.request('POST', '/v1/explain', node.requestBody(callFor(pod)));
  assert.equal(response.status, 200, response.text);
  const { nics } = response.body as { nics: readonly { source: string; address?: string }[] };
  assert.equal(nics[0]?.source, 'pod-ippool');
  assert.equal(nics[0]?.address, `${addressOf(await world.add(pod, {}))}/24`);
  await world.endPod(pod);
});

test('GET /v1/allocations shows this node’s records, and others on request', async () => {
  const pod = await createPod();
  const address = addressOf(await world.add(pod, {}));
  const shown = async (query: string): Promise<readonly string[]> => {
    const { body } = await agent.request('GET', `/v1/allocations${query}`);
    return (body as { allocations: readonly { address: string }[] }).allocations.map((one) => one.address);
  };
  for (const query of ['', `?uid=${pod.uid}`, '?node=node-a&nic=eth0', '?pool=of-default']) {
    assert.deepEqual(await shown(query), [address], query);
  }
  assert.deepEqual(await shown('?node=*'), [address]);
  assert.deepEqual(await shown('?node=node-b'), []);
  const who = await agent.request('GET', `/v1/allocations/${address}`);
  assert.match(who.text, new RegExp(`"pod":"default/${pod.name}"`));
  await world.endPod(pod);
});

test('the routes of the original serve its plugin', async () => {
  const pod = await createPod();
  const { namespace: podNamespace, name: podName, uid: podUID, sandbox: containerID, netns } = pod;
  const args = { containerID, ifName: 'eth0', podNamespace, podName, podUID, netNamespace: netns };
  const post = (): Promise<SocketResponse> => agent.request('POST', '/v1/ipam/ip', args);
  const added = await post();
  assert.equal(added.status, 200, added.text);
  const [address] = await recordsOf(pod);
  assert.match(added.text, new RegExp(`"address":"${address}/24"`));
  // The pod lives, so its DEL frees nothing; a conflict takes the address away all the same.
  assert.equal((await agent.request('DELETE', '/v1/ipam/ip', args)).status, 200);
  assert.deepEqual(await recordsOf(pod), [address]);
  const { ifName: _, ...batch } = args;
  assert.equal((await agent.request('DELETE', '/v1/ipam/ips', batch)).status, 200);
  assert.deepEqual(await recordsOf(pod), []);
  assert.equal((await post()).status, 200);
  await world.endPod(pod);
  assert.deepEqual(await recordsOf(pod), []);
});

test('a SpiderEndpoint shows the pod’s addresses, and goes with them', async () => {
  const pod = await createPod();
  const address = addressOf(await world.add(pod, {}));
  const path = `/apis/spiderpool.spidernet.io/v2beta1/namespaces/default/spiderendpoints/${pod.name}`;
  const ipv4 = await until('the endpoint is written', async () => {
    const { status, body } = await world.plane.adminRequest('GET', path);
    if (status !== 200) return undefined;
    return (body as { status: { current: { ips: { ipv4: string }[] } } }).status.current.ips[0]?.ipv4;
  });
  assert.equal(ipv4, `${address}/24`);
  await world.endPod(pod);
  await until('it is gone', async () => (await world.plane.adminRequest('GET', path)).status === 404);
});

test('an agent that was killed finds all its records again, and answers as before', async () => {
  const running = [await createPod(), await createPod()];
  const before = [];
  for (const pod of running) before.push(addressOf(await world.add(pod, {})));
  await agent.kill('SIGKILL');
  await agent.start();
  await world.untilReady('node-a');
  const again = [];
  for (const pod of running) again.push(addressOf(await world.add(pod, {})));
  assert.deepEqual(again, before);
  await world.untilSettled();
  for (const pod of running) await world.endPod(pod);
});

test('until the records are loaded ADD is 11, STATUS 50, and the agent alive but not ready', async () => {
  const pod = await createPod();
  const leaving = await createPod();
  await world.add(leaving, {});
  proxy.refuse(true);
  proxy.cutAll();
  await agent.restart();
  try {
    assertRefused(await world.add(pod, {}), 11, /has not loaded its records|can't use its ledger/);
    assertRefused(await node.ask('status'), 50, /not read from the API server yet: pods/);
    const statusOf = async (path: string): Promise<number> =>
      (await look(healthPort, `/v1/runtime/${path}`)).status;
    await until('the health port is served', () => statusOf('startup').then((status) => status === 200));
    assert.equal(await statusOf('liveness'), 200);
    assert.equal(await statusOf('readiness'), 500);
    await world.removePod(leaving);
    await world.endSandbox(leaving);
    assertSilentSuccess(await world.del(leaving));
    world.forget(leaving);
    assert.equal((await recordsOf(leaving)).length, 1);
  } finally {
    proxy.refuse(false);
  }
  await world.untilReady('node-a');
  assert.equal((await look(healthPort, '/v1/runtime/readiness')).status, 200);
  // The DEL was done before the first ADD.
  assert.deepEqual(await recordsOf(leaving), []);
  assert.equal(addressesOf(await world.add(pod, {})).length, 1);
  await world.endPod(pod);
});

test('an API server that goes away later does not make the node unready, and an ADD waits for it', async () => {
  const pod = await createPod();
  await until('the pod is known', async () => {
    const { status } = await agent.request('POST', '/v1/explain', node.requestBody(callFor(pod)));
    return status === 200;
  });
  proxy.refuse(true);
  proxy.cutAll();
  let adding: Promise<SocketResponse>;
  try {
    adding = world.add(pod, {});
    assertSilentSuccess(await node.ask('status'));
    assert.equal((await look(healthPort, '/v1/runtime/readiness')).status, 200);
  } finally {
    proxy.refuse(false);
  }
  assert.equal(addressesOf(await adding).length, 1);
  await world.endPod(pod);
});

test('the metrics count what happened', async () => {
  const { text } = await look(metricsPort, '/metrics');
  assert.match(text, /^spiderpool_ipam_allocation_counts_total [1-9]/m);
});
