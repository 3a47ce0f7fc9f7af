import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { Holder } from '../../../src/ledger/record.ts';
import {
  createNode,
  createPod,
  deletePod,
  finishPod,
  type PodReference,
} from '../../../test/support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { readPodsNow } from './pods-now.ts';

const never = new AbortController().signal;

let plane: ControlPlane;
let api: KubeApi;

before(async () => {
  plane = await startControlPlane({ crds: false });
  api = createKubeApi({ kubeconfig: plane.adminKubeconfig });
  await createNode(plane, 'worker-1');
});
after(async () => {
  await api[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

const makePod = (name: string): Promise<PodReference> =>
  createPod(plane, { namespace: 'default', name, node: 'worker-1' });

const holderOf = ({ namespace, name, uid }: PodReference, node = 'worker-1'): Holder => ({
  uid,
  sandbox: 's',
  node,
  pod: { namespace, name },
});

async function stateOf(holder: Holder): Promise<readonly [pod: string, node: string]> {
  const [now] = (await readPodsNow(api, [holder], never)).pods;
  return [now?.state ?? '', now?.nodeState ?? ''];
}

async function setNode(status: object): Promise<void> {
  await plane.adminRequest('PATCH', '/api/v1/nodes/worker-1/status', { status });
}

test('readPodsNow() tells a pod that lives, ends, has finished, was replaced, or is gone', async () => {
  const pod = await makePod('a');
  assert.equal((await stateOf(holderOf(pod)))[0], 'living');
  assert.equal((await stateOf({ ...holderOf(pod), uid: 'former' }))[0], 'replaced');
  await deletePod(plane, pod);
  assert.equal((await stateOf(holderOf(pod)))[0], 'ending');
  await deletePod(plane, pod, { force: true });
  assert.equal((await stateOf(holderOf(pod)))[0], 'gone');
  const job = await makePod('job');
  await finishPod(plane, job);
  assert.equal((await stateOf(holderOf(job)))[0], 'finished');
  assert.equal((await stateOf({ ...holderOf(pod), pod: { namespace: '', name: '' } }))[0], 'unknown');
});

test('readPodsNow() tells a node that is ready, is not, is out of service, or is gone', async () => {
  const pod = await makePod('b');
  assert.equal((await stateOf(holderOf(pod)))[1], 'not-ready');
  await setNode({ conditions: [{ type: 'Ready', status: 'True' }] });
  assert.equal((await stateOf(holderOf(pod)))[1], 'ready');
  const taint = { key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' };
  await plane.adminRequest('PATCH', '/api/v1/nodes/worker-1', { spec: { taints: [taint] } });
  assert.equal((await stateOf(holderOf(pod)))[1], 'out-of-service');
  assert.equal((await stateOf(holderOf(pod, 'nope')))[1], 'gone');
});

test('readPodsNow() shows the newest first, and says what it may not read', async () => {
  const [older, newer] = [await makePod('c'), await makePod('d')];
  const { pods, notes } = await readPodsNow(api, [holderOf(older), holderOf(newer)], never);
  assert.deepEqual(
    pods.map((now) => now.pod),
    ['default/d', 'default/c'],
  );
  assert.deepEqual(notes, []);
  const kubeconfig = await plane.kubeconfigFor({ namespace: 'default', name: 'nobody' });
  await using nobody = createKubeApi({ kubeconfig });
  const hidden = await readPodsNow(nobody, [holderOf(older)], never);
  assert.deepEqual(
    hidden.pods.map(({ state, nodeState }) => [state, nodeState]),
    [['unknown', 'unknown']],
  );
  const said = hidden.notes.join('\n');
  assert.match(said, /pod default\/c can't be read .*403/);
  assert.match(said, /node worker-1 can't be read .*403/);
});
