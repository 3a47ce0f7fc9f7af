import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type ControllerReference, createNamespace } from '../../test/support/cluster-objects.ts';
import { startTestPlane } from '../cluster/kubernetes/testing/cluster-under-test.ts';
import { podView } from '../cluster/kubernetes/testing/objects.ts';
import { createKubeApi } from '../kube/create-kube-api.ts';
import { TopControllers } from './top-controllers.ts';

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;
const api = createKubeApi({ kubeconfig });
after(() => api[Symbol.asyncDispose]());

const { signal } = new AbortController();
const namespace = 'controlled';
await createNamespace(plane, namespace);
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.org/main:1' }] },
};

/** Makes a Job, with or without a controller. @returns what its pods name as theirs */
async function createJob(name: string, owner?: object): Promise<ControllerReference> {
  const { status, body, text } = await plane.adminRequest(
    'POST',
    `/apis/batch/v1/namespaces/${namespace}/jobs`,
    { metadata: { name, ownerReferences: owner === undefined ? [] : [owner] }, spec: { template } },
  );
  assert.equal(status, 201, text);
  const { uid } = (body as { metadata: { uid: string } }).metadata;
  return { apiVersion: 'batch/v1', kind: 'Job', name, uid };
}

function of(controllers: TopControllers, controller?: ControllerReference) {
  return controllers.of(
    podView({ namespace, name: 'p', ...(controller !== undefined && { controller }) }),
    signal,
  );
}

const cronJob = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'uid-c', controller: true };

test('TopControllers.of() tells a pod without a controller itself, and others than sets and jobs as they are', async () => {
  const controllers = new TopControllers(api);
  assert.deepEqual(await of(controllers), { kind: 'Pod', name: 'p' });
  const clone = { apiVersion: 'apps.kruise.io/v1alpha1', kind: 'ReplicaSet', name: 'c', uid: 'uid-k' };
  assert.deepEqual(await of(controllers, clone), { kind: 'ReplicaSet', name: 'c' });
});

test('TopControllers.of() tells the CronJob of a Job, and reads it once', async () => {
  const controllers = new TopControllers(api);
  const job = await createJob('nightly-1', cronJob);
  for (let times = 0; times < 3; times += 1) {
    assert.deepEqual(await of(controllers, job), { kind: 'CronJob', name: 'nightly' });
  }
  assert.equal(proxy.countRequests('GET', /jobs\/nightly-1$/), 1);
});

test('TopControllers.of() tells a Job itself that nothing made, that another kind made, or that is gone', async () => {
  const controllers = new TopControllers(api);
  assert.deepEqual(await of(controllers, await createJob('alone')), { kind: 'Job', name: 'alone' });
  const workflow = { ...cronJob, apiVersion: 'example.org/v1', kind: 'Workflow' };
  const made = await createJob('made', workflow);
  assert.deepEqual(await of(controllers, made), { kind: 'Job', name: 'made' });
  const former = { ...made, uid: 'uid-former' };
  assert.deepEqual(await of(controllers, former), { kind: 'Job', name: 'made' });
  const gone = { ...made, name: 'gone', uid: 'uid-gone' };
  assert.deepEqual(await of(controllers, gone), { kind: 'Job', name: 'gone' });
});

test('TopControllers.of() fails while the API server does, and tells it later', async () => {
  const controllers = new TopControllers(api);
  const job = await createJob('nightly-2', cronJob);
  const failing = proxy.inject({
    method: 'GET',
    path: /jobs\/nightly-2$/,
    fault: { kind: 'status', status: 401 },
  });
  await assert.rejects(of(controllers, job), { name: 'KubeError' });
  failing.remove();
  assert.deepEqual(await of(controllers, job), { kind: 'CronJob', name: 'nightly' });
});
