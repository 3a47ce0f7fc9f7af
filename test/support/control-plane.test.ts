import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { runCommand } from './run-command.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const agent = { namespace: 'kube-system', name: 'spiderpool-agent' };
let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane();
});
after(async () => plane[Symbol.asyncDispose]());

/** The pool's definition is one of `deploy/chart/crds`. */
const pools = '/apis/spiderpool.spidernet.io/v2beta1/spiderippools';

test('ControlPlane.tokenFor() gives a service account the rights that everybody has', async () => {
  const token = await plane.tokenFor({ namespace: 'new', name: 'ordinary' });
  const asAccount = async (path: string): Promise<number> =>
    (await plane.adminRequest('GET', path, undefined, { token })).status;
  assert.equal(await asAccount('/api'), 200);
  assert.equal(await asAccount('/api/v1/namespaces/new/pods'), 403);
  assert.equal(await asAccount(pools), 403);
});

/** Asks with a token again and again. @returns the statuses seen, in their order, up to the first 401 */
async function untilRefused(token: string): Promise<readonly number[]> {
  const statuses = new Set<number>();
  const deadline = performance.now() + 60_000;
  while (!statuses.has(401) && performance.now() < deadline) {
    statuses.add((await plane.adminRequest('GET', '/api', undefined, { token })).status);
    await sleep(50);
  }
  return [...statuses];
}

test('ControlPlane.tokenFor() gives a token that the API server refuses once its account is gone', async () => {
  const token = await plane.tokenFor({ namespace: 'new', name: 'short-lived' });
  assert.equal((await plane.adminRequest('GET', '/api', undefined, { token })).status, 200);
  await plane.adminRequest('DELETE', '/api/v1/namespaces/new/serviceaccounts/short-lived');
  assert.equal((await untilRefused(token)).at(-1), 401);
});

test('ControlPlane.tokenFor() gives a token that ends within seconds', async () => {
  const over = await plane.tokenFor({ namespace: 'new', name: 'ordinary' }, -1);
  assert.equal((await plane.adminRequest('GET', '/api', undefined, { token: over })).status, 401);
  const token = await plane.tokenFor({ namespace: 'new', name: 'ordinary' }, 5);
  assert.deepEqual(await untilRefused(token), [200, 401]);
});

test('ControlPlane.bindAgentRole() gives the rights of the manifests', async () => {
  await plane.bindAgentRole(agent);
  await plane.bindAgentRole(agent);
  const token = await plane.tokenFor(agent);
  assert.equal((await plane.adminRequest('GET', pools, undefined, { token })).status, 200);
  const { status } = await plane.adminRequest('POST', pools, { metadata: { name: 'any' } }, { token });
  assert.equal(status, 403);
});

test('ControlPlane.bindControllerRole() gives the rights of the manifests, those of one namespace too', async () => {
  const controller = { namespace: 'spiderpool', name: 'controller' };
  await plane.bindControllerRole(controller);
  await plane.bindControllerRole(controller);
  const token = await plane.tokenFor(controller);
  const leases = '/apis/coordination.k8s.io/v1/namespaces';
  const lease = { metadata: { name: 'spiderpool-controller-leases' } };
  assert.equal((await plane.adminRequest('GET', pools, undefined, { token })).status, 200);
  assert.equal(
    (await plane.adminRequest('POST', `${leases}/spiderpool/leases`, lease, { token })).status,
    201,
  );
  assert.equal((await plane.adminRequest('POST', `${leases}/default/leases`, lease, { token })).status, 403);
});

test('ControlPlane.kubeconfigFor() writes what kubectl can use', async () => {
  const kubeconfig = await plane.kubeconfigFor({ namespace: 'new', name: 'ordinary' });
  assert.ok(readFileSync(kubeconfig, 'utf8').includes(plane.url));
  const { stdout } = await plane.kubectl(['--kubeconfig', kubeconfig, 'auth', 'whoami', '-o', 'json']);
  assert.equal(JSON.parse(stdout).status.userInfo.username, 'system:serviceaccount:new:ordinary');
  const other = await plane.kubeconfigFor({ namespace: 'new', name: 'other' }, { server: 'https://proxy' });
  assert.ok(readFileSync(other, 'utf8').includes('"server":"https://proxy"'));
});

test('ControlPlane.kubectl() has all rights, takes input and fails loudly', async () => {
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } });
  const { stdout } = await plane.kubectl(['apply', '-f', '-'], { stdin });
  assert.equal(stdout, 'configmap/applied created\n');
  await assert.rejects(plane.kubectl(['get', 'configmap', 'none']), { code: 'SP_COMMAND_FAILED' });
});

test('ControlPlane.requestCounts() counts what the API server was asked', async () => {
  const count = async (): Promise<number> =>
    (await plane.requestCounts())
      .filter(({ verb, resource, code }) => verb === 'POST' && resource === 'configmaps' && code === 201)
      .reduce((sum, each) => sum + each.count, 0);
  const counted = await count();
  for (const name of ['count-1', 'count-2']) await plane.ensure(configMaps, { metadata: { name } });
  assert.equal(await count(), counted + 2);
});

test('ControlPlane.killApiServer() and startApiServer() keep address, data and tokens', async () => {
  const { url, apiServerPid } = plane;
  const token = await plane.tokenFor(agent);
  await plane.ensure(configMaps, { metadata: { name: 'kept' } });
  await plane.killApiServer();
  assert.equal(existsSync(`/proc/${apiServerPid}`), false);
  await assert.rejects(plane.adminRequest('GET', configMaps));
  await plane.startApiServer();
  assert.equal(plane.url, url);
  assert.notEqual(plane.apiServerPid, apiServerPid);
  assert.equal((await plane.adminRequest('GET', `${configMaps}/kept`)).status, 200);
  assert.equal((await plane.adminRequest('GET', '/api', undefined, { token })).status, 200);
  await assert.rejects(plane.startApiServer(), { code: 'SP_CONTROL_PLANE_START' });
});

test('ControlPlane.pauseEtcd() lets a write hang until resumeEtcd()', async () => {
  let answered = false;
  plane.pauseEtcd();
  const write = plane.adminRequest('POST', configMaps, { metadata: { name: 'hung' } }).then((response) => {
    answered = true;
    return response;
  });
  await sleep(500);
  assert.equal(answered, false);
  plane.resumeEtcd();
  assert.equal((await write).status, 201);
});

test('ControlPlane leaves nothing behind, whatever state it is in', async () => {
  const other = await startControlPlane({ crds: false });
  const { folder, apiServerPid, etcdPid } = other;
  assert.ok(existsSync(folder) && existsSync(`/proc/${apiServerPid}`) && existsSync(`/proc/${etcdPid}`));
  other.pauseEtcd();
  await other[Symbol.asyncDispose]();
  for (const path of [folder, `/proc/${apiServerPid}`, `/proc/${etcdPid}`]) {
    assert.equal(existsSync(path), false, path);
  }
});

test('ControlPlane vanishes with a process that is killed', async () => {
  const module = new URL('control-plane.ts', import.meta.url).href;
  const script = `
    const { startControlPlane } = await import('${module}');
    const { folder, apiServerPid, etcdPid } = await startControlPlane({ crds: false });
    console.log(JSON.stringify({ folder, pids: [apiServerPid, etcdPid] }));
    process.kill(process.pid, 'SIGKILL');`;
  const options = { timeoutMs: 300_000 };
  const args = ['--input-type=module', '-e', script];
  const { stdout, signal } = await runCommand(process.execPath, args, options);
  assert.equal(signal, 'SIGKILL');
  const { folder, pids } = JSON.parse(stdout) as { folder: string; pids: readonly number[] };
  // A zombie that nobody has reaped yet has no file system any more.
  const held = [folder, ...pids.map((pid) => `/proc/${pid}/root/proc`)];
  const deadline = performance.now() + 60_000;
  while (held.some((path) => existsSync(path)) && performance.now() < deadline) await sleep(20);
  assert.deepEqual(
    held.filter((path) => existsSync(path)),
    [],
  );
});
