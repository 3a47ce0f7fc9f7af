import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../test/support/fault-proxy.ts';
import { createKubeApi } from './create-kube-api.ts';
import { type KubeApi, KubeError, type KubeRequest, type WatchEvent } from './kube-api.ts';
import { objectKey, resourceVersionOf } from './list-objects.ts';
import { kubeResources, resourcePath } from './resource-path.ts';
import { writeTestConfig } from './testing/test-config.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
/** Enough for any machine. */
const generousMs = 60_000;

let plane: ControlPlane;
let proxy: FaultProxy;
let config: string;
let api: KubeApi;
let names = 0;

before(async () => {
  plane = await startControlPlane({ crds: false });
});
after(async () => plane[Symbol.asyncDispose]());
beforeEach(async () => {
  proxy = await startFaultProxy(plane);
  config = await writeTestConfig(plane, { server: proxy.url });
  api = createKubeApi({ kubeconfig: config });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

function newName(): string {
  names += 1;
  return `map-${names}`;
}

/** @returns path of a new ConfigMap */
async function createMap(data: Readonly<Record<string, string>> = {}): Promise<string> {
  const name = newName();
  await api.request({ method: 'POST', path: configMaps, body: { metadata: { name }, data } });
  return `${configMaps}/${name}`;
}

/** As the API server itself has it. */
async function stored(
  path: string,
): Promise<{ readonly data?: object; readonly metadata: { managedFields: object[] } }> {
  const { status, body } = await plane.adminRequest('GET', path);
  assert.equal(status, 200);
  return body as { data?: object; metadata: { managedFields: object[] } };
}

async function failureOf(request: KubeRequest, client = api): Promise<KubeError> {
  const [result] = await Promise.allSettled([client.request(request)]);
  assert.ok(result?.status === 'rejected' && result.reason instanceof KubeError, JSON.stringify(result));
  return result.reason;
}

test('HttpKubeApi.request() creates, reads, patches and deletes', async () => {
  const path = await createMap({ a: '1' });
  const patch = [
    { op: 'test', path: '/data/a', value: '1' },
    { op: 'replace', path: '/data/a', value: '2' },
  ];
  await api.request({ method: 'PATCH', path, patchType: 'json', body: patch });
  await api.request({ method: 'PATCH', path, body: { data: { b: '3' } } });
  assert.deepEqual((await stored(path)).data, { a: '2', b: '3' });
  const refused = await failureOf({ method: 'PATCH', path, patchType: 'json', body: patch });
  assert.deepEqual([refused.status, refused.reason, refused.fate], [422, 'Invalid', 'refused']);
  const { metadata } = await stored(path);
  assert.deepEqual(
    metadata.managedFields.map((entry) => 'manager' in entry && entry.manager),
    ['spiderpool'],
  );
  const body = { preconditions: { uid: 'another' } };
  assert.equal((await failureOf({ method: 'DELETE', path, body })).reason, 'Conflict');
  await api.request({ method: 'DELETE', path });
  assert.equal((await failureOf({ method: 'GET', path })).status, 404);
});

test('HttpKubeApi.request() gives metadata alone, of one object and of a list', async () => {
  const path = await createMap({ a: 'b' });
  const kindOf = async (request: Partial<KubeRequest>): Promise<unknown> => {
    const answer = await api.request({ method: 'GET', path, view: 'metadata', ...request });
    return (answer as { kind: string }).kind;
  };
  assert.equal(await kindOf({}), 'PartialObjectMetadata');
  assert.equal(await kindOf({ path: configMaps }), 'PartialObjectMetadataList');
  assert.equal(await kindOf({ path: resourcePath(kubeResources.namespaces) }), 'PartialObjectMetadataList');
  assert.equal(await kindOf({ path: '/api/v1/namespaces/default' }), 'PartialObjectMetadata');
  assert.equal(await kindOf({ method: 'PATCH', body: { data: { a: 'c' } } }), 'PartialObjectMetadata');
  assert.equal(await kindOf({ view: 'whole' }), 'ConfigMap');
});

test('HttpKubeApi.request() keeps its connections, and no more than it may', async () => {
  const path = await createMap();
  for (let round = 0; round < 50; round += 1) await api.request({ method: 'GET', path });
  // undici uses a connection again one turn after its answer.
  const kept = proxy.connections;
  assert.ok(kept <= 2, String(kept));
  await using small = createKubeApi({ kubeconfig: config, connectionsMax: 4 });
  await Promise.all(Array.from({ length: 100 }, async () => small.request({ method: 'GET', path })));
  assert.equal(proxy.connections, kept + 4);
});

test('HttpKubeApi.request() refuses at once what would wait behind too many', async () => {
  await using small = createKubeApi({ kubeconfig: config, connectionsMax: 1 });
  proxy.inject({ path: /configmaps/, fault: { kind: 'delay', delayMs: generousMs } });
  const stop = new AbortController();
  const request = { method: 'GET', path: configMaps, signal: stop.signal } as const;
  const waiting = Promise.allSettled(Array.from({ length: 1 + 256 }, async () => small.request(request)));
  const refused = await failureOf(request, small);
  assert.equal(refused.fate, 'not-sent');
  assert.match(refused.message, /256 more wait/);
  stop.abort(new Error('enough'));
  for (const result of await waiting)
    assert.equal(result.status === 'rejected' && result.reason.message, 'enough');
});

test('HttpKubeApi.request() says what is known of a write that failed, and does not repeat it', async () => {
  const cases: readonly (readonly [fault: Fault, expected: Partial<KubeError>, isDone: boolean])[] = [
    [{ kind: 'cut-before' }, { status: 0, fate: 'unknown' }, false],
    [{ kind: 'cut-after' }, { status: 0, fate: 'unknown' }, true],
    [{ kind: 'delay', delayMs: generousMs }, { status: 0, fate: 'unknown' }, false],
    [{ kind: 'status', status: 500 }, { status: 500, fate: 'unknown', reason: 'InternalError' }, false],
    [
      { kind: 'status', status: 503, headers: { 'Retry-After': '7' } },
      { fate: 'unknown', retryAfterMs: 7_000 },
      false,
    ],
    [{ kind: 'status', status: 504 }, { status: 504, fate: 'unknown', reason: 'Timeout' }, false],
    [{ kind: 'status', status: 409 }, { status: 409, fate: 'refused', reason: 'Conflict' }, false],
    [{ kind: 'status', status: 403, body: 'no JSON' }, { status: 403, fate: 'refused', reason: '' }, false],
  ];
  for (const [fault, expected, isDone] of cases) {
    const path = await createMap({ a: '1' });
    const injected = proxy.inject({ method: 'PATCH', path: /configmaps/, fault });
    const error = await failureOf({ method: 'PATCH', path, body: { data: { a: '2' } }, tryTimeoutMs: 1_000 });
    injected.remove();
    const found = Object.fromEntries(
      Object.keys(expected).map((key) => [key, error[key as keyof KubeError]]),
    );
    assert.deepEqual(found, expected, fault.kind);
    assert.equal(injected.hits, 1);
    assert.match(error.message, /^PATCH \/api\/v1\/namespaces\/default\/configmaps\/map-\d+: /);
    assert.deepEqual((await stored(path)).data, { a: isDone ? '2' : '1' });
  }
});

test('HttpKubeApi.request() repeats a GET after every passing failure', async () => {
  const path = await createMap();
  const faults: readonly Fault[] = [
    { kind: 'cut-before' },
    { kind: 'cut-after' },
    { kind: 'delay', delayMs: generousMs },
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503, body: 'no JSON' },
  ];
  for (const fault of faults) {
    const injected = proxy.inject({ method: 'GET', path: /configmaps/, times: 2, fault });
    await api.request({ method: 'GET', path, tryTimeoutMs: 1_000, retryForMs: generousMs });
    assert.equal(injected.hits, 2, fault.kind);
  }
  const injected = proxy.inject({
    method: 'GET',
    path: /configmaps/,
    fault: { kind: 'status', status: 500 },
  });
  assert.equal((await failureOf({ method: 'GET', path, retryForMs: 0 })).status, 500);
  assert.equal(injected.hits, 1);
});

test('HttpKubeApi.request() waits as long as it is asked to before it repeats a write that was sent away', async () => {
  const path = await createMap();
  const fault = { kind: 'status', status: 429, headers: { 'Retry-After': '1' } } as const;
  const injected = proxy.inject({ method: 'PATCH', path: /configmaps/, times: 1, fault });
  const startedMs = performance.now();
  const request = { method: 'PATCH', path, body: { data: { a: '2' } } } as const;
  await api.request({ ...request, retryForMs: generousMs });
  assert.ok(performance.now() - startedMs >= 1_000);
  assert.equal(injected.hits, 1);
  proxy.inject({ method: 'PATCH', path: /configmaps/, times: 1, fault });
  const error = await failureOf({ ...request, retryForMs: 500 });
  assert.deepEqual([error.status, error.fate, error.retryAfterMs], [429, 'refused', 1_000]);
});

test('HttpKubeApi.request() repeats a write whose connection is refused until it goes through', async () => {
  await proxy.refuse(true);
  const name = newName();
  const request: KubeRequest = { method: 'POST', path: configMaps, body: { metadata: { name } } };
  const error = await failureOf({ ...request, retryForMs: 300 });
  assert.deepEqual([error.status, error.fate], [0, 'not-sent']);
  assert.match(error.message, /ECONNREFUSED/);
  const created = api.request({ ...request, retryForMs: generousMs });
  await sleep(200);
  await proxy.refuse(false);
  assert.equal(objectKey(await created), `default/${name}`);
  assert.equal(proxy.countRequests('POST', /configmaps/), 1);
});

test('HttpKubeApi.request() sends nothing to a server that it can not trust', async () => {
  await using stranger = createKubeApi({
    kubeconfig: await writeTestConfig(plane, {
      server: proxy.url,
      cluster: { 'tls-server-name': 'stranger.example' },
    }),
  });
  const error = await failureOf({ method: 'POST', path: configMaps, body: {}, retryForMs: 0 }, stranger);
  assert.equal(error.fate, 'not-sent');
  assert.match(error.message, /stranger\.example/);
  assert.equal(proxy.requests.size, 0);
});

test('HttpKubeApi.request() reads a renewed token after a 401, and repeats the request once', async () => {
  const tokenFile = join(plane.folder, 'token');
  const account = { namespace: 'default', name: 'renewed' };
  await writeFile(tokenFile, await plane.tokenFor(account));
  await using client = createKubeApi({
    kubeconfig: await writeTestConfig(plane, { server: proxy.url, user: { tokenFile } }),
  });
  const review = { method: 'POST', path: reviews, body: {} } as const;
  await client.request(review);
  await writeFile(tokenFile, 'over\n');
  await client.request(review);
  const refusing = proxy.inject({ path: /selfsubject/, fault: { kind: 'status', status: 401 }, times: 1 });
  assert.equal((await failureOf(review, client)).status, 401, 'the file has no good token');
  assert.equal(refusing.hits, 1);
  await writeFile(tokenFile, `${await plane.tokenFor(account)}\n`);
  const answers = await Promise.all(Array.from({ length: 20 }, async () => client.request(review)));
  assert.match(JSON.stringify(answers), /system:serviceaccount:default:renewed/);
});

test('HttpKubeApi.request() ends with its signal, in every state, and leaves the rest alone', async () => {
  const path = await createMap();
  const reason = new Error('enough');
  await assert.rejects(api.request({ method: 'GET', path, signal: AbortSignal.abort(reason) }), reason);
  const slow = proxy.inject({ path: /slow/, fault: { kind: 'delay', delayMs: generousMs } });
  const early = new AbortController();
  const watch = api.watch({ path, query: { slow: true }, signal: early.signal });
  const watching = watch[Symbol.asyncIterator]();
  const begun = [
    api.request({ method: 'GET', path: `${path}?slow`, signal: early.signal, tryTimeoutMs: generousMs }),
    watching.next(),
  ];
  early.abort(reason);
  for (const each of begun) await assert.rejects(each, reason);
  assert.equal(slow.hits, 0);
  const stop = new AbortController();
  const asking = api.request({ method: 'GET', path: `${path}?slow`, signal: stop.signal });
  await until('it is asked for', () => slow.hits > 0);
  stop.abort(reason);
  await assert.rejects(asking, reason);
  const later = proxy.inject({
    path: /later/,
    fault: { kind: 'status', status: 429, headers: { 'Retry-After': '50' } },
  });
  const waits = new AbortController();
  const waiting = api.request({
    method: 'GET',
    path: `${path}?later`,
    signal: waits.signal,
    retryForMs: generousMs * 2,
  });
  await until('it is sent away', () => later.hits > 0);
  waits.abort(reason);
  await assert.rejects(waiting, reason);
  await api.request({ method: 'GET', path });
});

test('HttpKubeApi.request() goes over new connections when all of the old ones are dead', async () => {
  const path = await createMap();
  const count = 4;
  await Promise.all(Array.from({ length: count }, async () => api.request({ method: 'GET', path })));
  const dead = proxy.inject({ path: /configmaps/, times: 1, fault: { kind: 'delay', delayMs: generousMs } });
  await api.request({ method: 'GET', path, tryTimeoutMs: 500, retryForMs: generousMs });
  assert.equal(dead.hits, 1);
  await until('the old ones are closed', () => proxy.connections <= 1);
});

test('HttpKubeApi.request() fails at once after the client was closed', async () => {
  const closed = createKubeApi({ kubeconfig: config });
  const slow = proxy.inject({ path: /slow/, fault: { kind: 'delay', delayMs: generousMs } });
  const asking = failureOf({ method: 'GET', path: `${configMaps}?slow` }, closed);
  await until('it is asked for', () => slow.hits > 0);
  await closed[Symbol.asyncDispose]();
  assert.match((await asking).message, /closed/);
  assert.match((await failureOf({ method: 'GET', path: configMaps }, closed)).message, /closed/);
});

/** Takes events of ConfigMaps until one is of this object and type. */
async function awaitEvent(
  events: AsyncIterable<WatchEvent>,
  type: WatchEvent['type'],
  name: string,
): Promise<readonly WatchEvent[]> {
  const heard: WatchEvent[] = [];
  for await (const event of events) {
    heard.push(event);
    if (event.type === type && objectKey(event.object) === `default/${name}`) return heard;
  }
  return assert.fail('the watch ended');
}

test('HttpKubeApi.watch() tells what changes, large objects included, and closes with its loop', async () => {
  await using watcher = createKubeApi({ kubeconfig: config });
  const { signal } = new AbortController();
  const resourceVersion = resourceVersionOf(await api.request({ method: 'GET', path: configMaps }));
  const events = watcher.watch({ path: configMaps, query: { resourceVersion }, signal });
  const path = await createMap({ large: 'é'.repeat(400_000) });
  const name = path.slice(configMaps.length + 1);
  await api.request({ method: 'DELETE', path });
  const connections = proxy.connections;
  const heard = await awaitEvent(events, 'DELETED', name);
  assert.deepEqual(
    heard.filter(({ type }) => type !== 'BOOKMARK').map(({ type }) => type),
    ['ADDED', 'DELETED'],
  );
  const first = heard.find(({ type }) => type === 'ADDED')?.object;
  assert.deepEqual(first, { ...(first as object), data: { large: 'é'.repeat(400_000) } });
  await until('the watch is closed', () => proxy.connections <= connections);
});

test('HttpKubeApi.watch() takes no connection from the requests', async () => {
  await using small = createKubeApi({ kubeconfig: config, connectionsMax: 1 });
  const stop = new AbortController();
  const watches = [0, 1, 2].map(async () => {
    for await (const event of small.watch({ path: configMaps, signal: stop.signal, view: 'metadata' }))
      void event;
  });
  await until('all watches are open', () => proxy.connections >= 3);
  await small.request({ method: 'GET', path: configMaps });
  stop.abort(new Error('enough'));
  for (const result of await Promise.allSettled(watches)) {
    assert.equal(result.status === 'rejected' && result.reason.message, 'enough');
  }
});

test('HttpKubeApi.watch() fails when it is refused, cut or silent for too long', async () => {
  await using hasty = createKubeApi({ kubeconfig: config, watchSilenceMsMax: 300 });
  const watch = async (client: KubeApi, query = {}): Promise<unknown> => {
    const { signal } = new AbortController();
    for await (const event of client.watch({ path: configMaps, query, signal }))
      if (event.type === 'ERROR') return event.object;
    return undefined;
  };
  const silent = proxy.inject({
    path: /watch=true/,
    times: 1,
    fault: { kind: 'delay', delayMs: generousMs },
  });
  await assert.rejects(watch(hasty), {
    name: 'KubeError',
    status: 0,
    fate: 'unknown',
    message: /silent for 300 ms/,
  });
  assert.equal(silent.hits, 1);
  const cut = assert.rejects(watch(api), { name: 'KubeError', status: 0 });
  await until('a watch is asked for', () => proxy.countRequests('GET', /configmaps/) >= 2);
  await sleep(100);
  proxy.cutAll();
  await cut;
  proxy.inject({ path: /watch=true/, times: 1, fault: { kind: 'status', status: 410 } });
  await assert.rejects(watch(api), { name: 'KubeError', status: 410, reason: 'Expired' });
  await assert.rejects(watch(api, { fieldSelector: 'nothing' }), { name: 'KubeError', status: 400 });
});

test('HttpKubeApi.watch() reads a renewed token after a 401', async () => {
  const injected = proxy.inject({ path: /watch=true/, times: 1, fault: { kind: 'status', status: 401 } });
  const { signal } = new AbortController();
  const [, name = ''] = (await createMap()).split(`${configMaps}/`);
  await awaitEvent(api.watch({ path: configMaps, signal }), 'ADDED', name);
  assert.equal(injected.hits, 1);
});
