import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { until } from '../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../test/support/fault-proxy.ts';
import { createKubeApi } from './create-kube-api.ts';
import type { KubeApi } from './kube-api.ts';
import { objectKey } from './list-objects.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { writeTestConfig } from './testing/test-config.ts';

/** What a test keeps of a ConfigMap. */
interface View {
  readonly key: string;
  readonly value: string;
}

const generousMs = 120_000;
/** Many failures in a row are what most of these tests are about. */
const manyFailures: Pick<ReflectorOptions<View>, 'backOffMsMax'> = { backOffMsMax: 1_000 };
const listing = /limit=500/;
const watching = /watch=true/;

let plane: ControlPlane;
let proxy: FaultProxy;
let api: KubeApi;
let namespace: string;
let namespaces = 0;

before(async () => {
  plane = await startControlPlane({ crds: false });
});
after(async () => plane[Symbol.asyncDispose]());
beforeEach(async () => {
  namespaces += 1;
  namespace = `test-${namespaces}`;
  await plane.ensure('/api/v1/namespaces', { metadata: { name: namespace } });
  proxy = await startFaultProxy(plane);
  api = createKubeApi({ kubeconfig: await writeTestConfig(plane, { server: proxy.url }) });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const maps = (): string => `/api/v1/namespaces/${namespace}/configmaps`;

/** Writes past the proxy. */
async function put(name: string, value: string, labels: object = {}): Promise<void> {
  const object = { metadata: { name, labels }, data: { value } };
  const { status } = await plane.adminRequest('PUT', `${maps()}/${name}`, object);
  if (status === 404) await plane.ensure(maps(), object);
  else assert.equal(status, 200);
}

async function remove(name: string): Promise<void> {
  const { status } = await plane.adminRequest('DELETE', `${maps()}/${name}`);
  assert.equal(status, 200);
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly reason?: string;
  readonly failures?: number;
  readonly delayMs?: number;
}

/** A reflector that runs, and what it told. */
interface Running extends AsyncDisposable {
  readonly reflector: Reflector<View>;
  readonly changes: string[];
  readonly log: LogLine[];
  /** The values that are there, by name. */
  values(): Readonly<Record<string, string>>;
}

function start(options: Partial<ReflectorOptions<View>> = {}, backOff = manyFailures): Running {
  const stop = new AbortController();
  const changes: string[] = [];
  const log: Running['log'] = [];
  const reflector = new Reflector<View>({
    api,
    path: maps(),
    parse: (object) => {
      const { data } = object as { data?: { value?: string } };
      return { key: objectKey(object), value: data?.value ?? '' };
    },
    keyOf: ({ key }) => key,
    onChange: (key, now, was) => {
      changes.push(`${key.slice(namespace.length + 1)}: ${was?.value ?? 'none'} → ${now?.value ?? 'none'}`);
    },
    name: 'maps',
    ...backOff,
    log: pino(
      { level: 'debug', base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
      { write: (line) => void log.push(JSON.parse(line)) },
    ),
    ...options,
  });
  const running = reflector.run(stop.signal);
  return {
    reflector,
    changes,
    log,
    values: () =>
      Object.fromEntries(
        [...reflector.items].map(([key, { value }]) => [key.slice(namespace.length + 1), value]),
      ),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Waits until the reflector has exactly these. */
async function untilValues(running: Running, expected: Readonly<Record<string, string>>): Promise<void> {
  const same = (): boolean => {
    const found = running.values();
    const keys = Object.keys(expected);
    return keys.length === Object.keys(found).length && keys.every((key) => found[key] === expected[key]);
  };
  await until(`the values are ${JSON.stringify(expected)}`, same);
}

async function synced({ reflector }: Running): Promise<void> {
  await reflector.synced(AbortSignal.timeout(generousMs));
}

/** Counts requests without harm. */
function count(path: RegExp): { readonly hits: number } {
  return proxy.inject({ path, fault: { kind: 'delay', delayMs: 0 } });
}

test('Reflector.run() keeps a copy of what is there, and tells each change with what was before', async () => {
  await put('a', '1');
  await using running = start();
  assert.equal(running.reflector.isSynced, false);
  await synced(running);
  assert.equal(running.reflector.isSynced, true);
  assert.deepEqual(running.values(), { a: '1' });
  await put('b', '1');
  await put('a', '2');
  await remove('b');
  await untilValues(running, { a: '2' });
  assert.deepEqual(running.changes, ['a: none → 1', 'b: none → 1', 'a: 1 → 2', 'b: 1 → none']);
  assert.ok(performance.now() - running.reflector.lastHeardMs < generousMs);
});

test('Reflector.run() drops what its query does not select any more, and what parse() ignores', async () => {
  await put('a', '1', { on: 'yes' });
  await put('b', '1');
  await using running = start({
    query: { labelSelector: 'on' },
    parse: (object) => {
      const { data } = object as { data: { value: string } };
      return data.value === 'ignored' ? undefined : { key: objectKey(object), value: data.value };
    },
  });
  await synced(running);
  assert.deepEqual(running.values(), { a: '1' });
  await put('b', '1', { on: 'yes' });
  await untilValues(running, { a: '1', b: '1' });
  await put('a', 'ignored', { on: 'yes' });
  await put('b', '2');
  await untilValues(running, {});
});

test('Reflector.run() reads lists in pages, and from the start when a page has expired', async () => {
  const names = Array.from({ length: 1_001 }, (_, index) => `m${index}`);
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(names.slice(at, at + 50).map(async (name) => put(name, name)));
  }
  const expired = proxy.inject({ path: /continue=/, times: 1, fault: { kind: 'status', status: 410 } });
  const lists = count(listing);
  await using running = start({ view: 'metadata' });
  await synced(running);
  assert.equal(running.reflector.items.size, names.length);
  assert.equal(expired.hits, 1);
  // The first of before, and all three after the second had expired.
  assert.equal(lists.hits, 4);
});

test('Reflector.run() goes on where it was after a cut, without another list', async () => {
  await put('a', '1');
  const lists = count(listing);
  await using running = start();
  await synced(running);
  await put('b', '1');
  await untilValues(running, { a: '1', b: '1' });
  await proxy.refuse(true);
  await remove('a');
  await put('b', '2');
  await sleep(300);
  await proxy.refuse(false);
  await untilValues(running, { b: '2' });
  assert.equal(lists.hits, 1);
});

test('Reflector.run() survives a kill and a restart of the API server', async () => {
  await put('a', '1');
  await using running = start();
  await synced(running);
  await plane.killApiServer();
  await sleep(500);
  await plane.startApiServer();
  await put('b', '1');
  await remove('a');
  await untilValues(running, { b: '1' });
});

test('Reflector.run() lists anew when its version is too old, and tells of what has vanished', async () => {
  const ended = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410, message: 'too old' };
  const faults: readonly Fault[] = [
    { kind: 'status', status: 410 },
    { kind: 'status', status: 200, body: `${JSON.stringify({ type: 'ERROR', object: ended })}\n` },
  ];
  await put('kept', '1');
  const lists = count(listing);
  await using running = start();
  await synced(running);
  for (const [round, fault] of faults.entries()) {
    const name = `gone-${round}`;
    await put(name, '1');
    await untilValues(running, { kept: '1', [name]: '1' });
    const tooOld = proxy.inject({ path: watching, times: 1, fault });
    const listed = lists.hits;
    await proxy.refuse(true);
    await remove(name);
    await proxy.refuse(false);
    await untilValues(running, { kept: '1' });
    assert.deepEqual([tooOld.hits, lists.hits - listed], [1, 1]);
    assert.ok(running.changes.includes(`${name}: 1 → none`));
  }
});

test('Reflector.run() is soon there again after a long outage, even when it then has to list anew', async () => {
  await put('a', '1');
  await using running = start({}, {});
  await synced(running);
  await proxy.refuse(true);
  await until('many tries failed', () => running.log.some(({ failures }) => failures === 8));
  const outage = running.log.splice(0);
  assert.ok(outage.every(({ delayMs = 0 }) => delayMs <= 5_000));
  await remove('a');
  const tooOld = proxy.inject({ path: watching, times: 1, fault: { kind: 'status', status: 410 } });
  await proxy.refuse(false);
  await untilValues(running, {});
  assert.equal(tooOld.hits, 1);
  const answered = running.log.filter(({ reason }) => reason?.includes('410'));
  assert.deepEqual(
    answered.map(({ delayMs = Number.NaN }) => delayMs <= 400),
    [true],
  );
  // Of an outage not each try is told.
  assert.deepEqual(
    outage.filter(({ level }) => level === 'warn').map(({ failures }) => failures),
    [2, 4, 8],
  );
});

test('Reflector.run() goes on trying whatever the API server answers', async () => {
  await put('a', '1');
  const each: readonly Fault[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 403 },
    { kind: 'status', status: 200, body: 'no JSON' },
    { kind: 'status', status: 200, body: {} },
    { kind: 'cut-before' },
  ];
  proxy.inject({ path: listing, times: 1, fault: { kind: 'cut-after' } });
  for (const fault of each) proxy.inject({ path: listing, times: 1, fault });
  for (const fault of each) proxy.inject({ path: watching, times: 1, fault });
  await using running = start();
  await assert.rejects(running.reflector.synced(AbortSignal.abort(new Error('enough'))), /enough/);
  await synced(running);
  await put('a', '2');
  await untilValues(running, { a: '2' });
  const reasons = running.log.map(({ reason }) => reason ?? '').join('\n');
  for (const part of [/500 InternalError/, /403 Forbidden/, /not a list/]) assert.match(reasons, part);
  assert.ok(running.log.some(({ level }) => level === 'warn'));
});

test('Reflector.run() does not ask in a tight loop an API server that ends each watch at once', async () => {
  const ended = proxy.inject({ path: watching, fault: { kind: 'status', status: 200, body: '' } });
  await using running = start();
  await synced(running);
  await sleep(1_500);
  assert.ok(ended.hits > 0 && ended.hits < 10, String(ended.hits));
});

test('Reflector.run() outlives its parser and its listener', async () => {
  await using running = start({
    parse: (object) => {
      const { data } = object as { data: { value: string } };
      if (data.value === 'bad') throw new Error('bad value');
      return { key: objectKey(object), value: data.value };
    },
    onChange: () => {
      throw new Error('bad listener');
    },
  });
  await put('a', '1');
  await untilValues(running, { a: '1' });
  await put('a', 'bad');
  await put('b', '1');
  await untilValues(running, { a: '1', b: '1' });
  await remove('a');
  await untilValues(running, { b: '1' });
  const messages = new Set(running.log.map(({ msg }) => msg));
  assert.ok(messages.has('a listener failed') && messages.has('ignored an object that can not be read'));
});

test('Reflector.run() ends with its signal in every state', async () => {
  for (const path of [listing, watching]) {
    const faults: readonly Fault[] = [
      { kind: 'delay', delayMs: generousMs },
      { kind: 'status', status: 429, headers: { 'Retry-After': '60' } },
    ];
    for (const fault of faults) {
      const injected = proxy.inject({ path, fault });
      {
        await using running = start();
        await until(`a request matches ${path}`, () => injected.hits > 0);
        assert.equal(running.reflector.isSynced, path === watching);
      }
      injected.remove();
    }
  }
});

test('Reflector.run() comes to the same state as the API server through any faults', async () => {
  const expected: Record<string, string> = {};
  await using running = start();
  await synced(running);
  const harms: readonly (() => void | Promise<void>)[] = [
    () => proxy.cutAll(),
    () => void proxy.inject({ path: watching, times: 1, fault: { kind: 'status', status: 410 } }),
    () => void proxy.inject({ path: watching, times: 1, fault: { kind: 'status', status: 503 } }),
    () => void proxy.inject({ path: listing, times: 1, fault: { kind: 'cut-after' } }),
    async () => {
      await proxy.refuse(true);
      await proxy.refuse(false);
    },
  ];
  for (let step = 0; step < 200; step += 1) {
    const name = `m${Math.floor(Math.random() * 20)}`;
    if (expected[name] !== undefined && Math.random() < 0.4) {
      await remove(name);
      delete expected[name];
    } else {
      expected[name] = String(step);
      await put(name, String(step));
    }
    const harm = harms[Math.floor(Math.random() * harms.length * 4)];
    await harm?.();
  }
  await untilValues(running, expected);
  // Each change begins with what the one before it ended with: nobody who counts along is led astray.
  const told: Record<string, string> = {};
  for (const change of running.changes) {
    const [name = '', was, , now = ''] = change.split(/: | /);
    assert.equal(was, told[name] ?? 'none');
    told[name] = now;
  }
});
