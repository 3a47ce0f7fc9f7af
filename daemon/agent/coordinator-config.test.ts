import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { podAnnotations } from '../../src/api/names.ts';
import { startTestPlane } from '../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import { podView } from '../../src/cluster/kubernetes/testing/objects.ts';
import { createKubeApi } from '../../src/kube/create-kube-api.ts';
import { until } from '../../test/integration/harness/until.ts';
import { createPod } from '../../test/support/cluster-objects.ts';
import { CoordinatorConfig, CoordinatorConfigError } from './coordinator-config.ts';

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;
const api = createKubeApi({ kubeconfig });
after(() => api[Symbol.asyncDispose]());

const { signal } = new AbortController();
const collection = '/apis/spiderpool.spidernet.io/v2beta1/spidercoordinators';
const pod = { namespace: 'default', name: 'a' };

/** The definition as far as it is read here: any field, and a status of its own. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'spidercoordinators.spiderpool.spidernet.io' },
  spec: {
    group: 'spiderpool.spidernet.io',
    scope: 'Cluster',
    names: { plural: 'spidercoordinators', singular: 'spidercoordinator', kind: 'SpiderCoordinator' },
    versions: [
      {
        name: 'v2beta1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const spec = {
  mode: 'underlay',
  tunePodRoutes: true,
  podCIDRType: 'auto',
  hijackCIDR: ['169.254.0.0/16'],
  hostRuleTable: 500,
  podRPFilter: 0,
  txQueueLen: 0,
  podMACPrefix: null,
  podDefaultRouteNIC: 'eth0',
  vethLinkAddress: '169.254.100.1',
};
const status = { phase: 'Synced', overlayPodCIDR: ['10.244.0.0/16'], serviceCIDR: ['10.96.0.0/16'] };
const expected = {
  mode: 'underlay',
  tunePodRoutes: true,
  hijackCIDR: ['169.254.0.0/16'],
  hostRuleTable: 500,
  podRPFilter: 0,
  txQueueLen: 0,
  podDefaultRouteNIC: 'eth0',
  vethLinkAddress: '169.254.100.1',
  overlayPodCIDR: ['10.244.0.0/16'],
  serviceCIDR: ['10.96.0.0/16'],
};

async function admin(method: string, path: string, body?: object): Promise<void> {
  const answer = await plane.adminRequest(method, path, body);
  assert.ok(answer.status < 300 || answer.status === 404, `${method} ${path}: ${answer.text}`);
}

/** The only one from now on. */
async function setCoordinator(name: string, object: { readonly spec?: object; readonly status?: object }) {
  await admin('DELETE', collection);
  await admin('POST', collection, {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderCoordinator',
    metadata: { name },
    spec: object.spec ?? spec,
  });
  if (object.status !== undefined)
    await admin('PATCH', `${collection}/${name}/status`, { status: object.status });
}

function reader(view = podView()): CoordinatorConfig {
  return new CoordinatorConfig({
    api,
    pod: (namespace, name) => (namespace === view.namespace && name === view.name ? view : undefined),
  });
}

async function refusal(): Promise<string> {
  const error: unknown = await reader()
    .of(pod, signal)
    .catch((thrown: unknown) => thrown);
  assert.ok(error instanceof CoordinatorConfigError, String(error));
  return error.message;
}

test('CoordinatorConfig.of() says that a cluster without the original has none', async () => {
  assert.match(await refusal(), /^there is no SpiderCoordinator in this cluster/);
});

test('CoordinatorConfig with a SpiderCoordinator', async (t) => {
  await plane.ensure('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  await until('the kind to be served', async () => {
    return (await plane.adminRequest('GET', collection)).status === 200;
  });
  beforeEach(() => setCoordinator('default', { status }));

  await t.test('.of() maps its fields', async () => {
    assert.deepEqual(await reader().of(pod, signal), expected);
    assert.deepEqual(await reader().of(undefined, signal), expected);
  });

  await t.test('.of() lets the annotation of the pod name the NIC of the default route', async () => {
    const annotations = { [podAnnotations.defaultRouteNic]: 'net1' };
    const own = reader(podView({ annotations }));
    assert.equal((await own.of(pod, signal)).podDefaultRouteNIC, 'net1');
    await createPod(plane, { namespace: 'default', name: 'not-watched', node: 'node-1', annotations });
    const other = await own.of({ namespace: 'default', name: 'not-watched' }, signal);
    assert.equal(other.podDefaultRouteNIC, 'net1');
    const gone = await own.of({ namespace: 'default', name: 'gone' }, signal);
    assert.equal(gone.podDefaultRouteNIC, 'eth0');
  });

  await t.test(
    '.of() has the defaults of the original, and empty lists for CIDRs that are not there',
    async () => {
      await setCoordinator('default', { spec: {}, status: { phase: 'Synced' } });
      assert.deepEqual(await reader().of(pod, signal), {
        mode: 'auto',
        tunePodRoutes: true,
        overlayPodCIDR: [],
        serviceCIDR: [],
      });
    },
  );

  await t.test('.of() refuses one that is not ready, with its reason', async () => {
    await setCoordinator('default', { status: { phase: 'NotReady', reason: 'no pod CIDR' } });
    assert.equal(
      await refusal(),
      'SpiderCoordinator "default" is not ready: its status.phase is "NotReady", not "Synced" (no pod CIDR)',
    );
    await setCoordinator('default', {});
    assert.match(await refusal(), /its status.phase is ""/);
  });

  await t.test('.of() refuses one whose fields make no sense', async () => {
    await setCoordinator('default', { spec: { ...spec, hostRuleTable: 'many' }, status });
    assert.match(await refusal(), /^SpiderCoordinator "default" can not be read: hostRuleTable /);
  });

  await t.test('.of() reads once for all who ask at the same time', async () => {
    const path = new RegExp(`^${collection}$`);
    const before = proxy.countRequests('GET', path);
    const shared = reader();
    await Promise.all(Array.from({ length: 50 }, () => shared.of(pod, signal)));
    assert.equal(proxy.countRequests('GET', path), before + 1);
  });
});
