import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  collectionReportAnnotation,
  collectionRequestAnnotation,
  controllerLease,
} from '../../../src/api/names.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { CollectionReport } from '../../../src/wire/collection-report.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { CtlError } from '../ctl-error.ts';
import { requestCollection } from './request-collection.ts';

const namespace = 'spiderpool';
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
const path = `${leases}/${controllerLease}`;
const counts = { examined: 3, suspected: 1, freed: ['10.6.0.1'], freedCount: 1, suspectCount: 0 };
const never = new AbortController().signal;

let plane: ControlPlane;
let api: KubeApi;

before(async () => {
  plane = await startControlPlane({ crds: false });
  api = createKubeApi({ kubeconfig: plane.adminKubeconfig });
  await plane.ensure('/api/v1/namespaces', { metadata: { name: namespace } });
});
after(async () => {
  await api[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

function ask(more: Partial<Parameters<typeof requestCollection>[0]> = {}): Promise<CollectionReport> {
  return requestCollection({ api, namespace, signal: never, progress: () => undefined, ...more });
}

/** Makes the lease anew. @param holderIdentity who leads; empty for nobody */
async function lead(holderIdentity: string): Promise<void> {
  await plane.adminRequest('DELETE', path);
  await plane.ensure(leases, {
    metadata: { name: controllerLease },
    spec: { holderIdentity, renewTime: '2026-01-02T03:04:05.000000Z' },
  });
}

async function annotate(annotations: Readonly<Record<string, string>>): Promise<void> {
  await plane.adminRequest('PATCH', path, { metadata: { annotations } });
}

/** Waits for the request that stands on the lease. */
async function requested(): Promise<string> {
  return until('a collection was asked for', async () => {
    const { body } = await plane.adminRequest('GET', path);
    const { metadata } = body as { metadata: { annotations?: Record<string, string> } };
    return metadata.annotations?.[collectionRequestAnnotation];
  });
}

async function answer(report: object): Promise<void> {
  await annotate({ [collectionReportAnnotation]: JSON.stringify(report) });
}

async function assertFails(asked: Promise<unknown>, code: CtlError['code'], message: RegExp): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof CtlError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

test('requestCollection() says when no controller has led, or nobody leads now', async () => {
  await plane.adminRequest('DELETE', path);
  await assertFails(ask(), 'CTL_REFUSED', /there is no Lease .*--namespace/);
  await lead('');
  await assertFails(ask(), 'CTL_CLUSTER_AWAY', /no controller leads .*nobody holds it/);
  await lead('controller-0');
  const silent = ask({ silenceMsMax: 300 });
  await assertFails(silent, 'CTL_CLUSTER_AWAY', /no controller leads .*controller-0 .*has not renewed it/);
});

test('requestCollection() waits for the answer to its own request', async () => {
  await lead('controller-0');
  await answer({ request: 'of somebody else, before', ...counts });
  const report = ask();
  const request = await requested();
  await answer({ request, ...counts });
  assert.deepEqual(await report, { request, ...counts });
});

test('requestCollection() takes the answer to a later request for its own', async () => {
  await lead('controller-0');
  const report = ask();
  await requested();
  await annotate({ [collectionRequestAnnotation]: 'later' });
  await answer({ request: 'later', ...counts });
  assert.equal((await report).request, 'later');
});

test('requestCollection() tells a collection that failed, and one that nobody answers', async () => {
  await lead('controller-0');
  const failed = ask();
  const request = await requested();
  await answer({ request, ...counts, error: 'pods can not be read' });
  await assertFails(failed, 'CTL_REFUSED', /failed: pods can not be read\. The log of controller-0/);
  await lead('controller-0');
  const late = ask({ answerMsMax: 300 });
  await assertFails(late, 'CTL_CLUSTER_AWAY', /controller-0 leads, but gave no answer in time/);
});

test('requestCollection() ends with its signal', async () => {
  await lead('controller-0');
  const interrupted = new AbortController();
  const report = ask({ signal: interrupted.signal });
  await requested();
  interrupted.abort(new Error('enough'));
  await assert.rejects(report, /enough/);
});
