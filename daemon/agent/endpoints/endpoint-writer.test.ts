import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEndpoint, type SpiderEndpoint } from '../../../src/api/endpoint.ts';
import { endpointFinalizer, nodeEndpointLabel } from '../../../src/api/names.ts';
import { startTestPlane } from '../../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import { factsWith } from '../../../src/ipam/testing/facts.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import { until } from '../../../test/integration/harness/until.ts';
import {
  type ControllerReference,
  createNamespace,
  createPod,
  type PodReference,
} from '../../../test/support/cluster-objects.ts';
import { describeAddress } from '../allocated-address.ts';
import { holder, record } from './testing/records.ts';
import { readPod, startWriter, type WriterUnderTest } from './testing/writer-under-test.ts';

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;
const { catalog } = factsWith({ v4: { gateway: '10.6.0.1' } });

let uniqueNumber = 0;

/** A namespace of its own, so that no test sees another's endpoints. */
async function newNamespace(): Promise<string> {
  uniqueNumber += 1;
  const name = `ns-${uniqueNumber}`;
  await createNamespace(plane, name);
  return name;
}

interface AttachedPod {
  readonly pod: PodReference;
  readonly records: readonly AllocationRecord[];
}

/** Makes a pod that the node's watch has shown, with a record of it for each NIC. */
async function attach(
  node: WriterUnderTest,
  namespace: string,
  name: string,
  more: { readonly nics?: readonly string[]; readonly controller?: ControllerReference } = {},
): Promise<AttachedPod> {
  const { nics = ['eth0'], controller } = more;
  const pod = await createPod(plane, {
    namespace,
    name,
    node: 'node-1',
    ...(controller !== undefined && { controller }),
  });
  node.pods.set(`${namespace}/${name}`, await readPod(plane, namespace, name));
  const records = nics.map((nic) => {
    uniqueNumber += 1;
    const address = `10.6.${Math.floor(uniqueNumber / 200)}.${10 + (uniqueNumber % 200)}`;
    return record(address, { nic, holders: [holder({ uid: pod.uid, pod: { namespace, name } })] });
  });
  node.records = [...(node.records ?? []), ...records];
  return { pod, records };
}

function release(node: WriterUnderTest, { pod, records }: AttachedPod): void {
  node.records = node.records?.filter((each) => !records.includes(each));
  node.writer.changed(pod);
}

function pathOf({ namespace, name }: { readonly namespace: string; readonly name?: string }): string {
  const collection = `/apis/spiderpool.spidernet.io/v2beta1/namespaces/${namespace}/spiderendpoints`;
  return name === undefined ? collection : `${collection}/${name}`;
}

async function read(pod: {
  readonly namespace: string;
  readonly name: string;
}): Promise<SpiderEndpoint | undefined> {
  const { status, body } = await plane.adminRequest('GET', pathOf(pod));
  return status === 404 ? undefined : parseEndpoint(body);
}

async function untilWritten(pod: PodReference): Promise<SpiderEndpoint> {
  return until(`an endpoint of pod ${pod.name}`, async () => {
    const endpoint = await read(pod);
    return endpoint?.status?.current.uid === pod.uid ? endpoint : undefined;
  });
}

async function untilGone(pod: { readonly namespace: string; readonly name: string }): Promise<void> {
  await until(`the end of endpoint ${pod.name}`, async () => (await read(pod)) === undefined);
}

async function admin(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await plane.adminRequest(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.body;
}

/** An endpoint as the original's agent leaves it. */
async function createOriginal(pod: PodReference, node: string): Promise<void> {
  await admin('POST', pathOf({ namespace: pod.namespace }), {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderEndpoint',
    metadata: { name: pod.name, finalizers: [endpointFinalizer] },
    status: {
      current: { uid: pod.uid, node, ips: [{ interface: 'eth0', ipv4: '10.6.9.9/16', ipv4Pool: 'v4' }] },
      ownerControllerType: 'Pod',
      ownerControllerName: pod.name,
    },
  });
}

test('EndpointWriter writes what the records say, with the Deployment that the pod belongs to', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const namespace = await newNamespace();
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'web',
    uid: 'uid-d',
    controller: true,
  };
  const replicaSet = (await admin('POST', `/apis/apps/v1/namespaces/${namespace}/replicasets`, {
    metadata: { name: 'web-1', ownerReferences: [deployment] },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'main', image: 'example.org/main:1' }] },
      },
    },
  })) as { metadata: { uid: string } };
  const controller = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web-1',
    uid: replicaSet.metadata.uid,
  };
  const one = await attach(node, namespace, 'web-1-a', { nics: ['eth0', 'net1'], controller });
  const answered = one.records.map((each) => describeAddress(each, catalog, true));
  node.writer.changed(one.pod, { uid: one.pod.uid, addresses: answered });
  const { metadata, status } = await untilWritten(one.pod);
  assert.equal(status?.ownerControllerType, 'Deployment');
  assert.equal(status.ownerControllerName, 'web');
  assert.deepEqual(
    status.current.ips.map((detail) => [detail.interface, detail.ipv4Gateway, detail.cleanGateway]),
    [
      ['eth0', '10.6.0.1', true],
      ['net1', '10.6.0.1', true],
    ],
  );
  assert.deepEqual(metadata.ownerReferences, [
    { apiVersion: 'v1', kind: 'Pod', name: 'web-1-a', uid: one.pod.uid },
  ]);
  assert.equal(metadata.finalizers, undefined);
  release(node, one);
  await untilGone(one.pod);
});

test('EndpointWriter writes an endpoint with one request, and nothing more while it stands', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const namespace = await newNamespace();
  const path = new RegExp(`/namespaces/${namespace}/spiderendpoints`);
  const pods = await Promise.all(
    Array.from({ length: 20 }, (_, index) => attach(node, namespace, `p${index}`)),
  );
  for (const { pod } of [...pods, ...pods]) node.writer.changed(pod);
  await Promise.all(pods.map(({ pod }) => untilWritten(pod)));
  for (const { pod } of pods) node.writer.changed(pod);
  await until('the queue to be empty', () => node.writer.waiting === 0);
  for (const each of pods) release(node, each);
  await Promise.all(pods.map(({ pod }) => untilGone(pod)));
  for (const [method, times] of Object.entries({ POST: 20, GET: 0, PUT: 0, DELETE: 20 })) {
    assert.equal(proxy.countRequests(method, path), times, method);
  }
});

test('EndpointWriter puts right what others delete, change or hide', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const one = await attach(node, await newNamespace(), 'a');
  node.writer.changed(one.pod);
  const first = await untilWritten(one.pod);
  const isRight = async (): Promise<boolean> => {
    const endpoint = await read(one.pod);
    const label = endpoint?.metadata.labels?.[nodeEndpointLabel];
    return (
      JSON.stringify(endpoint?.status) === JSON.stringify(first.status) &&
      label === first.metadata.labels?.[nodeEndpointLabel]
    );
  };
  await admin('DELETE', pathOf(one.pod));
  await until('the endpoint to be made again', isRight);
  const forged = {
    current: { uid: 'x', node: 'node-9', ips: [{ interface: 'eth0', ipv4: '10.6.0.99/16' }] },
  };
  await admin('PATCH', pathOf(one.pod), { status: forged });
  await until('the forged endpoint to be right', isRight);
  await admin('PATCH', pathOf(one.pod), { metadata: { labels: { [nodeEndpointLabel]: null } } });
  await until('the hidden endpoint to be right', isRight);
});

test("EndpointWriter takes the original's endpoint over, and its finalizer off when the pod is gone", async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const one = await attach(node, await newNamespace(), 'a');
  await createOriginal(one.pod, 'node-1');
  node.writer.changed(one.pod);
  const taken = await until('the endpoint to be taken over', async () => {
    const endpoint = await read(one.pod);
    return endpoint?.metadata.labels?.[nodeEndpointLabel] === undefined ? undefined : endpoint;
  });
  assert.notEqual(taken.status?.current.ips[0]?.ipv4, '10.6.9.9/16');
  assert.deepEqual(taken.metadata.finalizers, [endpointFinalizer]);
  release(node, one);
  await untilGone(one.pod);
});

test('EndpointWriter frees an endpoint whose deletion waits for the original, and makes it again', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const one = await attach(node, await newNamespace(), 'a');
  await createOriginal(one.pod, 'node-1');
  await admin('DELETE', pathOf(one.pod));
  node.writer.changed(one.pod);
  await until('a living endpoint', async () => {
    const endpoint = await read(one.pod);
    return endpoint !== undefined && endpoint.metadata.deletionTimestamp === undefined;
  });
});

test('EndpointWriter looks at everything of its node at its start, once the records are known', async () => {
  const namespace = await newNamespace();
  let gone: AttachedPod;
  let stays: AttachedPod;
  {
    await using before = startWriter(kubeconfig, catalog, { records: [] });
    gone = await attach(before, namespace, 'gone');
    stays = await attach(before, namespace, 'stays');
    for (const { pod } of [gone, stays]) before.writer.changed(pod);
    for (const { pod } of [gone, stays]) await untilWritten(pod);
  }
  await using node = startWriter(kubeconfig, catalog);
  const missed = await attach(node, namespace, 'missed');
  node.pods.set(`${namespace}/stays`, await readPod(plane, namespace, 'stays'));
  const { records } = missed;
  node.records = undefined;
  // Nothing may be removed before the records are known, however often it is looked.
  for (const { pod } of [gone, stays]) node.writer.changed(pod);
  await sleep(3_000);
  assert.notEqual(await read(gone.pod), undefined);
  node.records = [...stays.records, ...records];
  await untilGone(gone.pod);
  await untilWritten(missed.pod);
  await untilWritten(stays.pod);
});

test('EndpointWriter leaves the endpoints of other nodes, and of owners whose addresses are kept', async () => {
  await using other = startWriter(kubeconfig, catalog, { nodeName: 'node-2', records: [] });
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const namespace = await newNamespace();
  const owner = { kind: 'StatefulSet', namespace, name: 'db-0' };
  const first = await attach(node, namespace, 'db-0');
  const [own] = first.records;
  assert.ok(own);
  node.records = [{ ...own, owner }];
  node.writer.changed(first.pod);
  assert.equal((await untilWritten(first.pod)).metadata.ownerReferences, undefined);
  // The pod ends, and its successor starts on the other node, whose agent takes the address over.
  node.pods.clear();
  node.records = [{ ...own, owner, holders: [] }];
  node.writer.changed(first.pod);
  await until('the queue to be empty', () => node.writer.waiting === 0);
  assert.notEqual(await read(first.pod), undefined);
  await admin('DELETE', `/api/v1/namespaces/${namespace}/pods/db-0`, { gracePeriodSeconds: 0 });
  const second = await attach(other, namespace, 'db-0');
  other.records = second.records.map((each) => ({
    ...each,
    owner,
    holders: each.holders.map((one) => ({ ...one, node: 'node-2' })),
  }));
  other.writer.changed(second.pod);
  assert.equal((await untilWritten(second.pod)).status?.current.node, 'node-2');
  node.records = [];
  node.writer.changed(first.pod);
  await until('the queue to be empty', () => node.writer.waiting === 0);
  // Told in vain: it is another node's by now.
  const marker = await attach(node, namespace, 'marker');
  node.writer.changed(marker.pod);
  await untilWritten(marker.pod);
  assert.equal((await read(second.pod))?.status?.current.uid, second.pod.uid);
});

test('EndpointWriter gets over an API server that is away, fails, or answers into the void', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const namespace = await newNamespace();
  const path = new RegExp(`/namespaces/${namespace}/spiderendpoints`);
  const failing = proxy.inject({
    method: 'POST',
    path,
    times: 2,
    fault: { kind: 'status', status: 500 },
  });
  const cut = proxy.inject({ method: 'POST', path, times: 1, fault: { kind: 'cut-after' } });
  const one = await attach(node, namespace, 'a');
  await proxy.refuse(true);
  node.writer.changed(one.pod);
  await until('a try', () => node.writer.waiting === 0);
  await proxy.refuse(false);
  await untilWritten(one.pod);
  await until('both faults to strike', () => failing.hits === 2 && cut.hits === 1);
  release(node, one);
  await untilGone(one.pod);
});

test('EndpointWriter waits for a pod that the watch has not shown yet', async () => {
  await using node = startWriter(kubeconfig, catalog, { records: [] });
  const namespace = await newNamespace();
  const one = await attach(node, namespace, 'late');
  const view = node.pods.get(`${namespace}/late`);
  assert.ok(view);
  node.pods.delete(`${namespace}/late`);
  node.writer.changed(one.pod);
  // It comes after, and is written while the other one waits.
  const marker = await attach(node, namespace, 'marker');
  node.writer.changed(marker.pod);
  await untilWritten(marker.pod);
  assert.equal(await read(one.pod), undefined);
  node.pods.set(`${namespace}/late`, view);
  await untilWritten(one.pod);
});
