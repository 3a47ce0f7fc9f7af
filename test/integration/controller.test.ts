import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  collectionReportAnnotation,
  collectionRequestAnnotation,
  controllerLease,
} from '../../src/api/names.ts';
import { apiVersion } from '../../src/api/resources.ts';
import { type Lease, parseLease } from '../../src/kube/lease.ts';
import { collectionReportSchema } from '../../src/wire/collection-report.ts';
import { createNamespace } from '../support/cluster-objects.ts';
import type { RunningController } from '../support/controller.ts';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import { until } from './harness/until.ts';

const api = '/apis/spiderpool.spidernet.io/v2beta1';
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/spiderpool/leases/${controllerLease}`;
const webhookPath = '/apis/admissionregistration.k8s.io/v1';
/** What takes at most 20 s gets several times that on a loaded machine. */
const generousMs = 120_000;

/** What the controller writes itself needs no controller that answers. */
const notByController =
  "request.userInfo.username != 'system:serviceaccount:spiderpool:spiderpool-controller'";

const poolObjects = {
  apiGroups: ['spiderpool.spidernet.io'],
  apiVersions: ['v2beta1'],
  resources: ['spiderippools'],
} as const;

/** The configurations of the manifests, but at the address of a controller of the test: there are no Services here. */
function webhookConfiguration(kind: 'mutate' | 'validate', port: number): object {
  const isMutating = kind === 'mutate';
  const webhook = (name: string, failurePolicy: string, operations: readonly string[]): object => ({
    name,
    failurePolicy,
    rules: [{ ...poolObjects, operations }],
    clientConfig: { url: `https://127.0.0.1:${port}/${kind}-spiderpool-spidernet-io-v2beta1-spiderippool` },
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    matchConditions: [{ name: 'not-by-the-controller', expression: notByController }],
  });
  return {
    metadata: { name: 'spiderpool-controller' },
    webhooks: [
      webhook('spiderippool.spiderpool.spidernet.io', 'Fail', ['CREATE', 'UPDATE']),
      ...(isMutating ? [] : [webhook('delete.spiderippool.spiderpool.spidernet.io', 'Ignore', ['DELETE'])]),
    ],
  };
}

function pool(name: string, spec: object): object {
  return { apiVersion, kind: 'SpiderIPPool', metadata: { name }, spec };
}

describe('spiderpool-controller', () => {
  let world: ClusterWorld;
  let first: RunningController;
  let second: RunningController;

  before(async () => {
    world = await ClusterWorld.create({ nodes: ['node-a'], throughProxy: 'each' });
    await createNamespace(world.plane, 'default');
    first = await world.startController('controller-first');
    await untilLeading(first);
    second = await world.startController('controller-second');
  });
  after(async () => world[Symbol.asyncDispose]());

  async function lease(): Promise<Lease> {
    return parseLease((await world.plane.adminRequest('GET', leasePath)).body);
  }

  async function untilLeading(controller: RunningController): Promise<void> {
    const leads = async (): Promise<boolean> => (await lease()).holder === controller.podName;
    await until(`${controller.podName} leads`, leads, generousMs);
  }

  test('is ready on every replica, and one of them leads', async () => {
    for (const controller of [first, second]) {
      for (const route of ['startup', 'liveness', 'readiness'] as const) {
        await until(
          `${controller.podName} answers ${route}`,
          async () => (await controller.health(route)) === 200,
          generousMs,
        );
      }
    }
    assert.equal((await lease()).holder, first.podName);
  });

  test('completes and checks pools with a certificate of its own, and lets them be deleted while it is away', async () => {
    for (const [kind, plural] of [
      ['mutate', 'mutatingwebhookconfigurations'],
      ['validate', 'validatingwebhookconfigurations'],
    ] as const) {
      await world.admin('POST', `${webhookPath}/${plural}`, webhookConfiguration(kind, second.ports.webhook));
    }
    const good = { subnet: '10.70.0.0/24', ips: ['10.70.0.1-10.70.0.20'], gateway: '10.70.0.254' };
    const create = async (name: string, spec: object) =>
      world.plane.adminRequest('POST', `${api}/spiderippools`, pool(name, spec));
    await until(
      'the API server trusts the webhook',
      async () => (await create('checked', good)).status === 201,
      generousMs,
    );
    const { body } = await world.plane.adminRequest('GET', `${api}/spiderippools/checked`);
    const { metadata, spec } = body as {
      metadata: { finalizers?: readonly string[]; labels?: Record<string, string> };
      spec: { ipVersion?: number };
    };
    assert.deepEqual(metadata.finalizers, ['spiderpool.spidernet.io']);
    assert.equal(metadata.labels?.['ipam.spidernet.io/ippool-cidr'], '10-70-0-0-24');
    assert.equal(spec.ipVersion, 4);
    const wrong = await create('wrong', { ...good, gateway: '10.71.0.1' });
    assert.equal(wrong.status, 422, wrong.text);
    assert.match(wrong.text, /10\.71\.0\.1/);
    await second.kill();
    const refused = await create('later', { subnet: '10.72.0.0/24', ips: ['10.72.0.1'] });
    assert.equal(refused.status, 500, refused.text);
    await world.admin('DELETE', `${api}/spiderippools/checked`);
    const isGone = async (): Promise<boolean> =>
      (await world.plane.adminRequest('GET', `${api}/spiderippools/checked`)).status === 404;
    await until('the pool is gone, since nothing holds it', isGone, generousMs);
    for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
      await world.admin('DELETE', `${webhookPath}/${plural}/spiderpool-controller`);
    }
    await second.start();
  });

  test('tells in the status of a pool what agents allocate and release, and in metrics on the leader alone', async () => {
    await world.createPool('told', { subnet: '10.73.0.0/24', ips: ['10.73.0.1-10.73.0.10'] });
    const pod = await world.createPod('told', 'node-a');
    const [address = ''] = addressesOf(await world.add(pod, { default_ipv4_ippool: ['told'] }));
    const status = async (): Promise<Record<string, unknown>> => {
      const { body } = await world.plane.adminRequest('GET', `${api}/spiderippools/told`);
      return (body as { status?: Record<string, unknown> }).status ?? {};
    };
    const shows = async (): Promise<boolean> => (await status())['allocatedIPCount'] === 1;
    await until('the status counts the address', shows, generousMs);
    const { allocatedIPs, totalIPCount } = await status();
    assert.equal(totalIPCount, 10);
    assert.deepEqual(JSON.parse(String(allocatedIPs)), {
      [address]: { pod: 'default/told', podUid: pod.uid },
    });
    assert.match(await first.metrics(), /^spiderpool_ippool_allocated_ips\{ippool="told"\} 1$/m);
    assert.doesNotMatch(await second.metrics(), /ippool="told"/);
    await world.endPod(pod);
    await until(
      'the status is empty again',
      async () => (await status())['allocatedIPCount'] === 0,
      generousMs,
    );
  });

  test('imports what the original has recorded, with its own rights, and the pod keeps its address', async () => {
    const pod = await world.createPod('legacy', 'node-a');
    const detail = { interface: 'eth0', ipv4: '10.74.0.7/24', ipv4Pool: 'legacy' };
    await world.admin('POST', `${api}/namespaces/default/spiderendpoints`, {
      apiVersion,
      kind: 'SpiderEndpoint',
      metadata: { name: 'legacy', finalizers: ['spiderpool.spidernet.io'] },
      status: {
        current: { uid: pod.uid, node: 'node-a', ips: [detail] },
        ownerControllerType: 'Pod',
        ownerControllerName: 'legacy',
      },
    });
    await world.admin(
      'POST',
      `${api}/spiderippools`,
      // An agent that sees it enabled has seen before that its records are in blocks.
      pool('legacy', { subnet: '10.74.0.0/24', ips: ['10.74.0.1-10.74.0.9'], disable: true }),
    );
    await world.admin('PATCH', `${api}/spiderippools/legacy/status`, {
      status: { allocatedIPs: JSON.stringify({ '10.74.0.7': { pod: 'default/legacy', podUid: pod.uid } }) },
    });
    const isImported = async (): Promise<boolean> => {
      const { text } = await world.plane.adminRequest('GET', `${api}/spiderippools/legacy`);
      return text.includes('"ipam.spidernet.io/ledger":"blocks"');
    };
    await until('the pool is imported', isImported, generousMs);
    const finalizers = async (): Promise<string> =>
      (await world.plane.adminRequest('GET', `${api}/namespaces/default/spiderendpoints/legacy`)).text;
    await until(
      'the finalizer is gone',
      async () => !(await finalizers()).includes('"finalizers"'),
      generousMs,
    );
    await world.admin('PATCH', `${api}/spiderippools/legacy`, { spec: { disable: false } });
    const { addresses } = await world.addUntilServed(pod, { default_ipv4_ippool: ['legacy'] });
    assert.deepEqual(addresses, ['10.74.0.7']);
  });

  test('collects at once when somebody asks for it on the lease, and answers each request once', async () => {
    const request = randomUUID();
    await world.admin('PATCH', leasePath, {
      metadata: { annotations: { [collectionRequestAnnotation]: request } },
    });
    const report = async () => {
      const text = (await lease()).annotations[collectionReportAnnotation];
      return text === undefined ? undefined : collectionReportSchema.parse(JSON.parse(text));
    };
    await until('the report answers', async () => (await report())?.request === request, generousMs);
    assert.deepEqual((await report())?.freed, []);
  });

  test('gives the lease back when it is told to end', async () => {
    assert.deepEqual(await first.stop(), { exitCode: 0, signal: undefined });
    await untilLeading(second);
    await first.start();
  });

  test('ends when it can not renew its lease, and another leads', async () => {
    await world.proxyOf(second.podName).refuse(true);
    const exit = await second.exit;
    assert.equal(exit.exitCode, 1, second.log.slice(-2_000));
    await untilLeading(first);
    await world.proxyOf(second.podName).refuse(false);
    await second.start();
  });

  test('is replaced when it is killed', async () => {
    await first.kill();
    await untilLeading(second);
    await first.start();
    assert.equal((await lease()).holder, second.podName);
  });

  test('ends when somebody else holds its lease', async () => {
    const exit = second.exit;
    await world.admin('PATCH', leasePath, { spec: { holderIdentity: 'somebody-else' } });
    assert.equal((await exit).exitCode, 1);
    assert.match(second.log, /somebody-else holds the lease now/);
  });
});
