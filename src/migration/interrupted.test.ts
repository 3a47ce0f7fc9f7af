import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readRecords } from '../../test/support/cluster-records.ts';
import type { KubeApi, KubeRequest, WatchEvent } from '../kube/kube-api.ts';
import { exportToOriginal } from './export-to-original.ts';
import { importOriginal } from './import-original.ts';
import { type Allocated, OriginalCluster } from './testing/original-cluster.ts';

const cluster = await OriginalCluster.start();
after(() => cluster[Symbol.asyncDispose]());
const { plane, proxy } = cluster;
const pools = ['one', 'two', 'three'] as const;
const maps = new Map<string, Allocated>();
for (const [n, pool] of pools.entries()) {
  const allocated: Record<string, Allocated[string]> = {};
  for (let i = 1; i <= 40; i++) {
    const name = `${pool}-${i}`;
    const { uid } = i <= 3 ? await cluster.pod(name) : { uid: `uid-${name}` };
    const address = `10.${n + 1}.0.${i * 6}`;
    allocated[address] = { pod: `default/${name}`, podUid: uid };
    if (i <= 3)
      await cluster.endpoint(name, uid, [{ interface: 'eth0', ipv4: `${address}/24`, ipv4Pool: pool }]);
  }
  await cluster.pool(pool, `10.${n + 1}.0`, allocated);
  maps.set(pool, allocated);
}

/** An API server as a process sees it that ends after so many requests: the last one is sent, and its answer not heard. */
class MortalApi implements KubeApi {
  readonly #ending = new AbortController();
  #left: number;

  constructor(requests: number) {
    this.#left = requests;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  async request(request: KubeRequest): Promise<unknown> {
    this.#left -= 1;
    const { signal: _, ...rest } = request;
    const answer = cluster.api.request({ ...rest, ...(this.#left > 0 && { signal: this.signal }) });
    if (this.#left <= 0) this.#ending.abort(new Error('killed'));
    return this.#left <= 0 ? answer.then(() => Promise.reject(this.signal.reason)) : answer;
  }

  watch(): AsyncIterable<WatchEvent> {
    throw new Error('a migration watches nothing');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The connection is the cluster's.
  }
}

async function marked(pool: string): Promise<boolean> {
  return (await cluster.readPool(pool)).metadata.annotations?.['ipam.spidernet.io/ledger'] === 'blocks';
}

/** No pool is marked before all of its records are in blocks, each once. */
async function assertSound(): Promise<void> {
  const { uses } = await readRecords(plane);
  const byAddress = new Map(uses.map((use) => [use.address, use]));
  assert.equal(byAddress.size, uses.length);
  for (const [pool, allocated] of maps) {
    if (!(await marked(pool))) continue;
    for (const [address, { podUid }] of Object.entries(allocated)) {
      assert.equal(byAddress.get(address)?.uid, podUid, `${address} of ${pool}`);
    }
  }
}

/** Kills a migration after its first request, then after ever more, until it comes to its end; after each kill the check has to hold. */
async function killUntilDone(
  migrate: typeof importOriginal | typeof exportToOriginal,
  check: () => Promise<void>,
): Promise<number> {
  let kills = 0;
  for (let requests = 1; ; requests += 3) {
    const api = new MortalApi(requests);
    try {
      await migrate({ api, dryRun: false, signal: api.signal });
      return kills;
    } catch (error) {
      assert.equal(error, api.signal.reason);
      kills += 1;
    }
    await check();
  }
}

test('importOriginal() killed after any request loses nothing, and goes on where it was', {
  timeout: 300_000,
}, async () => {
  const kills = await killUntilDone(importOriginal, assertSound);
  assert.ok(kills > 5, `${kills} kills`);
  await assertSound();
  for (const pool of pools) assert.equal(await marked(pool), true);
  assert.equal((await readRecords(plane)).uses.length, 120);
  assert.equal((await cluster.readEndpoint('two-1')).metadata.finalizers, undefined);
});

test('exportToOriginal() killed after any request gives no pool back before its map is whole, and ends with the map of before', {
  timeout: 300_000,
}, async () => {
  const kills = await killUntilDone(exportToOriginal, async () => {
    for (const pool of pools) {
      if (await marked(pool)) continue;
      const { status } = await cluster.readPool(pool);
      assert.deepEqual(JSON.parse(status?.allocatedIPs ?? '{}'), maps.get(pool));
    }
  });
  assert.ok(kills > 5, `${kills} kills`);
  for (const pool of pools) {
    const { status } = await cluster.readPool(pool);
    assert.equal(await marked(pool), false);
    assert.deepEqual(JSON.parse(status?.allocatedIPs ?? '{}'), maps.get(pool));
    assert.equal(status?.allocatedIPCount, 40);
  }
  assert.deepEqual((await cluster.readEndpoint('two-1')).metadata.finalizers, ['spiderpool.spidernet.io']);
});

test('importOriginal() is not led astray by lost answers and refusals of the API server', async () => {
  const faults = [
    proxy.inject({ method: 'PATCH', path: /spiderippools\/one/, times: 1, fault: { kind: 'cut-after' } }),
    proxy.inject({ method: 'PATCH', path: /spideripblocks/, times: 3, fault: { kind: 'cut-after' } }),
    proxy.inject({ method: 'PATCH', path: /spiderendpoints/, times: 2, fault: { kind: 'cut-after' } }),
    proxy.inject({ method: 'GET', path: /spiderendpoints/, times: 1, fault: { kind: 'cut-before' } }),
  ];
  // Records that the original has given up since, and one that it has given to another pod.
  const { '10.3.0.6': kept, '10.3.0.12': _given, '10.3.0.240': _up, ...others } = maps.get('three') ?? {};
  const { uid } = await cluster.pod('heir');
  assert.ok(kept);
  const now = { ...others, '10.3.0.6': kept, '10.3.0.240': { pod: 'default/heir', podUid: uid } };
  maps.set('three', now);
  await cluster.allocate('three', now);
  const { signal } = new AbortController();
  const report = await importOriginal({ api: cluster.api, dryRun: false, signal });
  for (const fault of faults) fault.remove();
  assert.deepEqual(
    report.pools.map(({ pool, done }) => [pool, done]),
    [
      ['one', true],
      ['three', true],
      ['two', true],
    ],
  );
  await assertSound();
  const { notes } = report.pools.find(({ pool }) => pool === 'three') ?? { notes: [] };
  assert.ok(
    notes.some((note) => note.startsWith('10.3.0.240: a record of an earlier time was replaced')),
    notes.join('\n'),
  );
  // Its pod lives, so nothing frees it, whatever the map says.
  assert.ok(
    notes.some((note) => note.startsWith('10.3.0.12: kept, its pod lives')),
    notes.join('\n'),
  );
});
