import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilAllowed } from './access-review.ts';
import { AdminClient, type AdminResponse } from './admin-client.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
let plane: ControlPlane;
let proxy: FaultProxy;
let client: AdminClient;
let token: string;

before(async () => {
  plane = await startControlPlane({ crds: false });
  await using stack = new AsyncDisposableStack();
  stack.use(plane);
  proxy = stack.use(await startFaultProxy(plane));
  token = await plane.tokenFor({ namespace: 'default', name: 'writer' });
  await plane.ensure('/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'writer' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }],
  });
  await plane.ensure('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'writer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'writer' }],
  });
  const access = { group: '', resource: 'configmaps', verb: 'watch' };
  await untilAllowed(plane, { namespace: 'default', name: 'writer' }, access);
  client = new AdminClient(proxy.url, { caFile: plane.caFile, token });
  stack.move();
});
after(async () => {
  client[Symbol.dispose]();
  await proxy[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

async function create(name: string): Promise<AdminResponse> {
  return client.request('POST', configMaps, { metadata: { name } });
}

/** As the API server itself has it. */
async function exists(name: string): Promise<boolean> {
  return (await plane.adminRequest('GET', `${configMaps}/${name}`)).status === 200;
}

/** Opens a watch of ConfigMaps. @returns its lines until it ends, however it does */
async function watch(query = ''): Promise<AsyncGenerator<string, undefined>> {
  const request = get(`${proxy.url}${configMaps}?watch=true${query}`, {
    ca: readFileSync(plane.caFile),
    headers: { authorization: `Bearer ${token}` },
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject);
  });
  assert.equal(response.statusCode, 200);
  return linesOf(response.setEncoding('utf8'));
}

async function* linesOf(response: AsyncIterable<string>): AsyncGenerator<string, undefined> {
  let rest = '';
  try {
    for await (const text of response) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    // The connection was cut.
  }
}

test('FaultProxy passes on requests and answers, and counts them', async () => {
  const counted = proxy.countRequests('POST', /configmaps$/);
  assert.equal((await create('passed-on')).status, 201);
  assert.equal((await create('passed-on')).status, 409);
  const { status, body } = await client.request('GET', `${configMaps}/passed-on`, undefined, {
    query: { resourceVersion: '0' },
  });
  assert.equal(status, 200);
  assert.ok(JSON.stringify(body).includes('"name":"passed-on"'));
  assert.equal(proxy.countRequests('POST', /configmaps$/), counted + 2);
  assert.equal(proxy.requests.get(`GET ${configMaps}/passed-on`), 1);
});

test('FaultProxy.inject() answers in place of the API server, as often as it is told', async () => {
  const rule = proxy.inject({
    method: 'POST',
    path: /configmaps/,
    times: 2,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '1' } },
  });
  const refused = await create('refused');
  assert.equal(refused.status, 429);
  assert.deepEqual((refused.body as { reason: string }).reason, 'TooManyRequests');
  assert.equal((await create('refused')).status, 429);
  assert.equal(rule.hits, 2);
  assert.equal(await exists('refused'), false);
  assert.equal((await create('refused')).status, 201);
  assert.equal(rule.hits, 2);
});

test('FaultProxy.inject() strikes until the rule is removed', async () => {
  const rule = proxy.inject({
    path: /\/configmaps\/any\?pretty=1$/,
    fault: { kind: 'status', status: 418, body: '{"kind":"Teapot"}' },
  });
  const options = { query: { pretty: '1' } };
  for (const method of ['GET', 'DELETE']) {
    const { status, text } = await client.request(method, `${configMaps}/any`, undefined, options);
    assert.deepEqual([status, text], [418, '{"kind":"Teapot"}']);
  }
  assert.equal((await client.request('GET', `${configMaps}/any`)).status, 404);
  rule.remove();
  assert.equal((await client.request('GET', `${configMaps}/any`, undefined, options)).status, 404);
});

test('FaultProxy.inject() cuts before the API server has seen the request', async () => {
  const rule = proxy.inject({ method: 'POST', path: /./, times: 1, fault: { kind: 'cut-before' } });
  await assert.rejects(create('cut-before'));
  assert.equal(rule.hits, 1);
  assert.equal(await exists('cut-before'), false);
});

test('FaultProxy.inject() cuts after the API server has done what was asked', async () => {
  const rule = proxy.inject({ method: 'POST', path: /./, times: 1, fault: { kind: 'cut-after' } });
  await assert.rejects(create('cut-after'));
  assert.equal(rule.hits, 1);
  assert.equal(await exists('cut-after'), true);
});

test('inject() forwards late what it has cut at once', async () => {
  const fault = { kind: 'commit-late', delayMs: 300 } as const;
  const rule = proxy.inject({ method: 'POST', path: /configmaps/, times: 1, fault });
  await assert.rejects(create('late'));
  assert.equal(rule.hits, 1);
  while (rule.completed === 0) await sleep(20);
  assert.ok(await exists('late'));
});

test('FaultProxy.inject() delays a request', async () => {
  const delayMs = 300;
  proxy.inject({ method: 'POST', path: /./, times: 1, fault: { kind: 'delay', delayMs } });
  const start = performance.now();
  assert.equal((await create('delayed')).status, 201);
  // Timers and this clock round differently.
  assert.ok(performance.now() - start >= delayMs - 2);
});

test('FaultProxy.inject() forwards nothing that was given up during its delay', async () => {
  const rule = proxy.inject({ method: 'POST', path: /./, fault: { kind: 'delay', delayMs: 1000 } });
  const controller = new AbortController();
  const { signal } = controller;
  const refused = assert.rejects(
    client.request('POST', configMaps, { metadata: { name: 'given-up' } }, { signal }),
  );
  while (rule.hits === 0) await sleep(5);
  controller.abort();
  await refused;
  // Comes after the other one would have.
  assert.equal((await create('waited-for')).status, 201);
  assert.equal(rule.hits, 2);
  rule.remove();
  assert.equal(await exists('given-up'), false);
});

test('FaultProxy passes on a watch line by line, and cutAll() ends it', async () => {
  const lines = await watch();
  const first = await lines.next();
  assert.match(first.value ?? '', /^\{"type":"ADDED"/);
  assert.equal((await create('while-watched')).status, 201);
  let seen: string | undefined = '';
  while (seen?.includes('"name":"while-watched"') === false) seen = (await lines.next()).value;
  assert.ok(seen);
  assert.ok(proxy.connections >= 1);
  proxy.cutAll();
  while ((await lines.next()).done !== true);
  using other = new AdminClient(proxy.url, { caFile: plane.caFile, token });
  assert.equal((await other.request('GET', configMaps)).status, 200);
});

test('FaultProxy.inject() gives a watch the end that an API server without its history gives', async () => {
  const line = '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}';
  proxy.inject({ path: /watch=true/, times: 1, fault: { kind: 'status', status: 200, body: `${line}\n` } });
  const seen: string[] = [];
  for await (const each of await watch('&resourceVersion=1')) seen.push(each);
  assert.deepEqual(seen, [line]);
});

test('FaultProxy.refuse() refuses connections and takes them again at the same address', async () => {
  const { url } = proxy;
  using fresh = new AdminClient(url, { caFile: plane.caFile, token });
  await proxy.refuse(true);
  await assert.rejects(fresh.request('POST', configMaps, { metadata: { name: 'not-sent' } }), {
    code: 'ECONNREFUSED',
  });
  await proxy.refuse(true);
  await proxy.refuse(false);
  assert.equal(proxy.url, url);
  assert.equal((await fresh.request('GET', `${configMaps}/not-sent`)).status, 404);
});

test('FaultProxy cuts requests while the API server is away, and goes on when it is back', async () => {
  await plane.killApiServer();
  using fresh = new AdminClient(proxy.url, { caFile: plane.caFile, token });
  await assert.rejects(fresh.request('GET', configMaps), { code: 'ECONNRESET' });
  await plane.startApiServer();
  assert.equal((await fresh.request('GET', configMaps)).status, 200);
});
