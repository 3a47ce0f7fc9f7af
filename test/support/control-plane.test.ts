import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { startControlPlane } from './control-plane.ts';

test('startControlPlane() gives an API server whose service accounts have no rights of their own', async () => {
  await using plane = await startControlPlane();
  const token = await plane.tokenFor({ namespace: 'kube-system', name: 'spiderpool-agent' });
  const version = await plane.adminRequest('GET', '/api', undefined, { token });
  assert.equal(version.status, 200);
  const pods = await plane.adminRequest('GET', '/api/v1/pods', undefined, { token });
  assert.equal(pods.status, 403);
});

test('ControlPlane leaves nothing behind', async () => {
  const plane = await startControlPlane({ crds: false });
  const { folder, apiServerPid, etcdPid } = plane;
  assert.ok(existsSync(folder) && existsSync(`/proc/${apiServerPid}`) && existsSync(`/proc/${etcdPid}`));
  await plane[Symbol.asyncDispose]();
  for (const path of [folder, `/proc/${apiServerPid}`, `/proc/${etcdPid}`]) {
    assert.equal(existsSync(path), false);
  }
});
