import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ClusterObjectError,
  createNamespace,
  createNode,
  createPod,
  createPool,
  createStatefulSet,
  deleteNamespace,
  deletePod,
  finishPod,
} from './cluster-objects.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
});
after(async () => plane[Symbol.asyncDispose]());

/** @returns what kubectl prints for a JSONPath of an object; undefined when there is no such object */
async function read(what: readonly string[], jsonPath: string): Promise<string | undefined> {
  const args = ['get', ...what, '--ignore-not-found', '-o', `jsonpath=found:${jsonPath}`];
  const { stdout } = await plane.kubectl(args);
  return stdout.startsWith('found:') ? stdout.slice('found:'.length) : undefined;
}

test('createPod() makes a running pod on its node, which deletePod() ends or removes', async () => {
  await createNode(plane, 'node-a', { labels: { zone: 'a' } });
  const pod = await createPod(plane, {
    namespace: 'apps',
    name: 'web',
    node: 'node-a',
    annotations: { note: 'kept' },
  });
  const where = ['pod', 'web', '-n', 'apps'];
  const fields = '{.metadata.uid} {.spec.nodeName} {.status.phase} {.metadata.annotations.note}';
  assert.equal(await read(where, fields), `${pod.uid} node-a Running kept`);
  assert.equal(await read(['node', 'node-a'], '{.metadata.labels.zone}'), 'a');

  await deletePod(plane, pod);
  assert.match((await read(where, '{.metadata.deletionTimestamp}')) ?? '', /^\d{4}-/);
  await deletePod(plane, pod, { force: true });
  assert.equal(await read(where, ''), undefined);
  const next = await createPod(plane, { namespace: 'apps', name: 'web', node: 'node-a' });
  await assert.rejects(deletePod(plane, pod, { force: true }), ClusterObjectError);
  assert.equal(await read(where, '{.metadata.uid}'), next.uid);
});

test('finishPod() leaves a pod whose containers have ended', async () => {
  const pod = await createPod(plane, {
    namespace: 'apps',
    name: 'job',
    node: 'node-b',
    restartPolicy: 'Never',
  });
  await finishPod(plane, pod);
  const fields = '{.status.phase} {.spec.restartPolicy}';
  assert.equal(await read(['pod', 'job', '-n', 'apps'], fields), 'Succeeded Never');
});

test('createStatefulSet() gives the controller of its pods', async () => {
  const controller = await createStatefulSet(plane, { namespace: 'apps', name: 'db', replicas: 2 });
  await createPod(plane, { namespace: 'apps', name: 'db-0', node: 'node-a', controller, phase: 'Pending' });
  const owner = '{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].uid} {.status.phase}';
  const expected = `StatefulSet/${controller.uid} Pending`;
  assert.equal(await read(['pod', 'db-0', '-n', 'apps'], owner), expected);
  assert.equal(await read(['sts', 'db', '-n', 'apps'], '{.spec.replicas}'), '2');
});

test('createPool() makes a SpiderIPPool', async () => {
  await createPool(plane, 'v4', { subnet: '10.0.0.0/24', ips: ['10.0.0.10-10.0.0.19'] });
  assert.equal(await read(['spiderippool', 'v4'], '{.spec.subnet}'), '10.0.0.0/24');
  await assert.rejects(createPool(plane, 'v4', { subnet: '10.0.0.0/24' }), ClusterObjectError);
});

test('deleteNamespace() removes a namespace and its pods', async () => {
  await createNamespace(plane, 'gone', { annotations: { note: 'kept' } });
  assert.equal(await read(['ns', 'gone'], '{.metadata.annotations.note}'), 'kept');
  await createPod(plane, { namespace: 'gone', name: 'web', node: 'node-a' });
  await deleteNamespace(plane, 'gone');
  assert.equal(await read(['ns', 'gone'], ''), undefined);
  const { status } = await plane.adminRequest('GET', '/api/v1/namespaces/gone/pods/web');
  assert.equal(status, 404);
});
