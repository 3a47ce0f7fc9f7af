import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { parseExactJson } from '../../../src/api/exact-json.ts';
import type { SpiderIPPoolStatus } from '../../../src/api/resources.ts';
import { poolFixture } from '../../../src/api/testing/resources.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import { RangeSet } from '../../../src/ip/range-set.ts';
import { buildCatalog } from '../../../src/ipam/catalog.ts';
import { compilePool } from '../../../src/ipam/compile-pool.ts';
import type { PoolRange } from '../../../src/ipam/want.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { blockName, SLOTS, slotAddress } from '../../../src/ledger/blocks/block-name.ts';
import { blockLabel, nodeLabel, subnetLabel } from '../../../src/ledger/blocks/labels.ts';
import { encodeRecord } from '../../../src/ledger/blocks/slot.ts';
import { startBlockCluster } from '../../../src/ledger/blocks/testing/block-cluster.ts';
import {
  claimantOf,
  claimedRecord,
  holderOf,
  ip,
  releaseOf,
  wantOf,
} from '../../../src/ledger/contract/fixtures.ts';
import { MARK_LIFE_MS } from '../../../src/ledger/pool-state.ts';
import { ControllerMetrics } from '../../../src/metrics/controller-metrics.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { createNode } from '../../../test/support/cluster-objects.ts';
import { ObjectEvents } from '../../process/object-events.ts';
import { LeaderView } from '../leader/leader-view.ts';
import { PoolStatus } from './pool-status.ts';

const cluster = await startBlockCluster();
after(() => cluster[Symbol.asyncDispose]());
const { plane, proxy } = cluster;
const account = { namespace: 'spiderpool', name: 'spiderpool-controller' };
await plane.bindControllerRole(account);
const kubeconfig = await plane.kubeconfigFor(account, { server: proxy.url });
await createNode(plane, 'node-1');

const collection = resourcePath(kubeResources.pools);
const ledgerMark = { 'ipam.spidernet.io/ledger': 'blocks' };

interface StoredPool {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly status?: SpiderIPPoolStatus;
}

/** A leader that does nothing but what is tested. */
function startLeader(): {
  readonly metrics: ControllerMetrics;
  readonly clock: { stepMs: number };
} & AsyncDisposable {
  const api = createKubeApi({ kubeconfig });
  const log = pino({ level: 'silent' });
  const stop = new AbortController();
  const view = new LeaderView({ api, log });
  const events = new ObjectEvents({
    api,
    log,
    reporter: { component: 'spiderpool-controller', instance: 'controller-1' },
    writeEveryMs: 100,
  });
  const metrics = new ControllerMetrics({ debug: true });
  const clock = { stepMs: 0 };
  const status = new PoolStatus({
    api,
    log,
    metrics,
    view,
    events,
    metricRenewMs: 200,
    nowMs: () => Date.now() + clock.stepMs,
    emptyBlocksEveryMs: 200,
  });
  const running = [view, events, status].map((part) => part.run(stop.signal));
  return {
    metrics,
    clock,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(running);
      await api[Symbol.asyncDispose]();
    },
  };
}

/** Makes a pool, and what an agent's ledger needs to take addresses of it. */
async function makePool(
  name: string,
  spec: Parameters<typeof poolFixture>[0],
  annotations: Readonly<Record<string, string>> = ledgerMark,
): Promise<PoolRange> {
  const pool = poolFixture(spec, { name, annotations });
  const { status, text } = await plane.adminRequest('POST', collection, pool);
  assert.equal(status, 201, text);
  const none = { 4: RangeSet.empty(4), 6: RangeSet.empty(6) };
  return buildCatalog([compilePool(pool)], none).byName.get(name)?.range ?? assert.fail('no pool');
}

async function readPool(name: string): Promise<StoredPool | undefined> {
  const { status, text } = await plane.adminRequest('GET', `${collection}/${name}`);
  return status === 404 ? undefined : (parseExactJson(text) as StoredPool);
}

/** Waits until the status of a pool has these fields. */
async function untilStatus(
  name: string,
  wanted: Readonly<Record<string, unknown>>,
): Promise<SpiderIPPoolStatus> {
  let last: unknown;
  return until(`pool ${name} has ${Object.keys(wanted).join(', ')}`, async () => {
    const { status = {} } = (await readPool(name)) ?? {};
    last = status;
    const found = Object.entries(wanted).every(([key, value]) => Reflect.get(status, key) === value);
    return found ? status : undefined;
  }).catch((error: unknown) => {
    throw new Error(`the last status was ${String(Object.entries(Object(last)))}`, { cause: error });
  });
}

function conditionOf({ conditions = [] }: SpiderIPPoolStatus, type: string): string | undefined {
  return conditions.find((condition) => condition.type === type)?.reason;
}

async function eventsOf(name: string): Promise<readonly string[]> {
  const { body } = await plane.adminRequest('GET', '/api/v1/namespaces/default/events');
  const { items } = body as {
    readonly items: readonly { involvedObject: { name: string }; reason: string; count: number }[];
  };
  return items
    .filter((event) => event.involvedObject.name === name)
    .map(({ reason, count }) => `${reason} ${count}`)
    .toSorted();
}

/** Writes of pools that went through the proxy. */
function poolWrites(name: string): number {
  return proxy.countRequests('PATCH', new RegExp(`/spiderippools/${name}(/status)?(\\?|$)`));
}

async function deletePool(name: string): Promise<void> {
  const { status } = await plane.adminRequest('DELETE', `${collection}/${name}`);
  assert.equal(status, 200);
}

/** Fills addresses of a pool with one write for each block. */
async function fill(pool: PoolRange, first: string, count: number): Promise<void> {
  for (let done = 0; done < count; done += SLOTS) {
    const base = slotAddress(ip(first), done);
    const slots = Array.from({ length: SLOTS }, (_, index) =>
      done + index >= count
        ? {}
        : encodeRecord({
            address: slotAddress(base, index),
            pool: pool.name,
            network: 'n',
            nic: 'eth0',
            sinceMs: Date.now(),
            holders: [holderOf(`p${done + index}`, undefined, 'elsewhere')],
          }),
    );
    const labels = { [blockLabel]: 'true', [subnetLabel(pool.subnet)]: 'open', [nodeLabel('elsewhere')]: '' };
    const { status, text } = await plane.adminRequest('POST', resourcePath(kubeResources.blocks), {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPBlock',
      metadata: { name: blockName(base), labels },
      spec: {
        base: formatAddress(base),
        range: `${formatAddress(base)}-${formatAddress(slotAddress(base, SLOTS - 1))}`,
        slots,
      },
    });
    assert.equal(status, 201, text);
  }
}

test('PoolStatus follows claims and releases, counts as a reading does, and writes nothing at rest', async () => {
  const range = await makePool('follows', {
    subnet: '10.1.0.0/16',
    ips: ['10.1.0.10-10.1.0.19'],
    excludeIPs: ['10.1.0.11'],
  });
  await using leader = startLeader();
  const { ledger } = await cluster.agent('node-1');
  await untilStatus('follows', {
    totalIPCount: 9,
    allocatedIPCount: 0,
    freeIPCount: 9,
    allocatedIPs: undefined,
  });
  const record = await claimedRecord(ledger, claimantOf('a'), wantOf('eth0', [range]));
  await claimedRecord(ledger, claimantOf('b'), wantOf('eth0', [range]));
  const status = await untilStatus('follows', { allocatedIPCount: 2, freeIPCount: 7 });
  const map: unknown = JSON.parse(status.allocatedIPs ?? '');
  assert.deepEqual(Reflect.get(Object(map), formatAddress(record.address)), {
    pod: 'default/a',
    podUid: 'a-uid',
  });
  await ledger.release(releaseOf('a', 'eth0'));
  await untilStatus('follows', { allocatedIPCount: 1, freeIPCount: 7, coolingIPCount: 1 });
  const [usage] = await ledger.usage([range]);
  assert.deepEqual([usage?.allocated, usage?.cooling, usage?.free], [1, 1, 7n]);
  // What has cooled down is free without anybody's doing.
  leader.clock.stepMs = range.reuseDelayMs + 1_000;
  await plane.adminRequest('PATCH', `${collection}/follows`, { metadata: { labels: { a: 'look' } } });
  await until('a look by the new clock', async () => {
    await plane.adminRequest('PATCH', `${collection}/follows`, {
      metadata: { labels: { a: String(Math.random()).slice(2) } },
    });
    return ((await readPool('follows'))?.status?.coolingIPCount as unknown) === 0;
  });
  await untilStatus('follows', { freeIPCount: 8, coolingIPCount: 0 });
  const writes = poolWrites('follows');
  const { metadata } = (await readPool('follows')) ?? assert.fail();
  assert.ok(metadata.finalizers?.includes('spiderpool.spidernet.io'));
  // A change that concerns another pool alone, whose write shows that this one's turn is over.
  await makePool('witness', { subnet: '10.2.0.0/16', ips: ['10.2.0.1'] });
  await untilStatus('witness', { totalIPCount: 1 });
  assert.equal(poolWrites('follows'), writes);
  assert.match(
    await leader.metrics.registry.metrics(),
    /^spiderpool_ippool_free_ips\{ippool="follows"\} 8$/m,
  );
});

test('PoolStatus counts a huge pool without looking at its addresses, exact to the last digit', async () => {
  const range = await makePool('huge', {
    ipVersion: 6,
    subnet: 'fd00:6::/64',
    ips: ['fd00:6::1:0-fd00:6::ffff:ffff:ffff:fffe'],
    excludeIPs: ['fd00:6::2:0'],
  });
  const mid = await makePool('large', {
    ipVersion: 6,
    subnet: 'fd00:7::/64',
    ips: ['fd00:7::1-fd00:7::20:0:0:0'],
  });
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  const { ledger } = await cluster.agent('node-2');
  await claimedRecord(ledger, claimantOf('six', undefined, 'node-2'), wantOf('eth0', [range]));
  await claimedRecord(ledger, claimantOf('seven', undefined, 'node-2'), wantOf('eth0', [mid]));
  await untilStatus('huge', {
    totalIPCount: 2n ** 63n - 1n,
    allocatedIPCount: 1,
    freeIPCount: 2n ** 63n - 1n,
  });
  await untilStatus('large', { totalIPCount: 2n ** 53n, freeIPCount: 2 ** 53 - 1, allocatedIPCount: 1 });
});

test('PoolStatus leaves the map out above 500 records, and tells how full a pool is once', async () => {
  const range = await makePool('full', { subnet: '10.3.0.0/16', ips: ['10.3.0.0-10.3.1.244'] });
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  await fill(range, '10.3.0.0', 448);
  const before = await untilStatus('full', { allocatedIPCount: 448 });
  assert.equal(Object.keys(Object(JSON.parse(before.allocatedIPs ?? ''))).length, 448);
  assert.equal(conditionOf(before, 'AlmostFull'), 'Above80Percent');
  await fill(range, '10.3.1.192', 53);
  const now = await untilStatus('full', { allocatedIPCount: 501, freeIPCount: 0 });
  assert.equal(now.allocatedIPs, undefined);
  assert.equal(conditionOf(now, 'AlmostFull'), 'Exhausted');
  await until('events', async () => (await eventsOf('full')).length === 2);
  assert.deepEqual(await eventsOf('full'), ['IPPoolAbove80Percent 1', 'IPPoolExhausted 1']);
});

test('PoolStatus lets a deleted pool go with its last address', async () => {
  const range = await makePool('going', { subnet: '10.4.0.0/16', ips: ['10.4.0.1-10.4.0.9'] });
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  const { ledger } = await cluster.agent('node-4');
  await claimedRecord(ledger, claimantOf('last', undefined, 'node-4'), wantOf('eth0', [range]));
  await untilStatus('going', { allocatedIPCount: 1 });
  await deletePool('going');
  const waiting = await until('a deletion that waits', async () => {
    const { status = {} } = (await readPool('going')) ?? assert.fail('the pool went with an address in use');
    return conditionOf(status, 'Deleting') === undefined ? undefined : status;
  });
  assert.equal(conditionOf(waiting, 'Deleting'), 'WaitsForAddresses');
  await until('an event', async () => (await eventsOf('going')).includes('IPPoolWaits 1'));
  await ledger.release(releaseOf('last', 'eth0'));
  await until('the pool is gone', async () => (await readPool('going')) === undefined);
});

test('PoolStatus marks a pool before it writes its map, and touches no records of the original', async () => {
  const range = await makePool('unmarked', { subnet: '10.5.0.0/16', ips: ['10.5.0.1-10.5.0.9'] }, {});
  await makePool('original', { subnet: '10.7.0.0/16', ips: ['10.7.0.1-10.7.0.9'] }, {});
  const records = '{"10.7.0.1":{"pod":"default/old","podUid":"u"}}';
  const { status } = await plane.adminRequest('PATCH', `${collection}/original/status`, {
    status: { allocatedIPs: records, allocatedIPCount: 1 },
  });
  assert.equal(status, 200);
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  const { ledger } = await cluster.agent('node-5');
  await untilStatus('unmarked', { allocatedIPCount: 0 });
  assert.equal((await readPool('unmarked'))?.metadata.annotations, undefined);
  await claimedRecord(ledger, claimantOf('new', undefined, 'node-5'), wantOf('eth0', [range]));
  await untilStatus('unmarked', { allocatedIPCount: 1 });
  assert.deepEqual((await readPool('unmarked'))?.metadata.annotations, ledgerMark);
  // Somebody replaces the pool by his manifest, which knows neither of the mark nor of the finalizer.
  const metadata = { annotations: null, finalizers: null };
  await plane.adminRequest('PATCH', `${collection}/unmarked`, { metadata });
  await until('the mark and the finalizer are back', async () => {
    const { annotations, finalizers } = (await readPool('unmarked'))?.metadata ?? {};
    return annotations !== undefined && finalizers !== undefined;
  });
  // The same while the controller can't write, and the last address goes.
  const failing = proxy.inject({
    method: 'PATCH',
    path: /\/spiderippools\/unmarked/,
    fault: { kind: 'status', status: 500 },
  });
  await plane.adminRequest('PATCH', `${collection}/unmarked`, { metadata });
  await ledger.release(releaseOf('new', 'eth0'));
  await until('tries', () => failing.hits >= 2);
  failing.remove();
  await untilStatus('unmarked', { allocatedIPCount: 0, allocatedIPs: undefined });
  await deletePool('original');
  const told = await until('a condition', async () => {
    const found = (await readPool('original')) ?? assert.fail('the pool went with records of the original');
    return conditionOf(found.status ?? {}, 'Deleting') === undefined ? undefined : found.status;
  });
  assert.equal(conditionOf(told, 'Deleting'), 'WaitsForOriginalRecords');
  assert.equal(conditionOf(told, 'OriginalRecords'), 'NotImported');
  assert.deepEqual([told.allocatedIPs, told.allocatedIPCount, told.totalIPCount], [records, 1, undefined]);
});

test('PoolStatus tells pools that overlap, with an event, and takes it back when one is gone', async () => {
  await makePool('left', { subnet: '10.8.0.0/16', ips: ['10.8.0.1-10.8.0.9'] });
  await makePool('right', { subnet: '10.8.0.0/16', ips: ['10.8.0.5-10.8.0.20'] });
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  const overlap = await until('an overlap', async () =>
    (await readPool('left'))?.status?.conditions?.find(({ type }) => type === 'Overlap'),
  );
  assert.match(overlap.message, /pools left and right both have 10\.8\.0\.5-10\.8\.0\.9/);
  await until('an event', async () => (await eventsOf('right')).includes('IPPoolOverlap 1'));
  await deletePool('right');
  await until('no overlap', async () => {
    const { status = {} } = (await readPool('left')) ?? {};
    return conditionOf(status, 'AlmostFull') !== undefined && conditionOf(status, 'Overlap') === undefined;
  });
});

test('PoolStatus holds up no pool because another one can not be written', async () => {
  await makePool('stuck', { subnet: '10.9.0.0/16', ips: ['10.9.0.1'] });
  const failing = proxy.inject({
    method: 'PATCH',
    path: /\/spiderippools\/stuck/,
    fault: { kind: 'status', status: 500 },
  });
  await using stack = new AsyncDisposableStack();
  stack.use(startLeader());
  await until('tries', () => failing.hits >= 2);
  await makePool('beside', { subnet: '10.10.0.0/16', ips: ['10.10.0.1'] });
  await untilStatus('beside', { totalIPCount: 1 });
  failing.remove();
  await untilStatus('stuck', { totalIPCount: 1 });
});

test('PoolStatus deletes a block whose marks are forgotten, and a claim makes it anew', async () => {
  const range = await makePool('emptied', { subnet: '10.11.0.0/16', ips: ['10.11.0.1-10.11.0.9'] });
  await using leader = startLeader();
  const { ledger } = await cluster.agent('node-11');
  const claimant = claimantOf('first', undefined, 'node-11');
  const { address } = await claimedRecord(ledger, claimant, wantOf('eth0', [range]));
  const kept = await claimedRecord(
    ledger,
    claimantOf('kept', undefined, 'node-11'),
    wantOf('eth0', [await makePool('kept', { subnet: '10.12.0.0/16', ips: ['10.12.0.1'] })]),
  );
  await ledger.release(releaseOf('first', 'eth0'));
  await untilStatus('emptied', { allocatedIPCount: 0, coolingIPCount: 1 });
  assert.notEqual(await cluster.block(address), undefined);
  leader.clock.stepMs = MARK_LIFE_MS + 60_000;
  await until('the block is gone', async () => (await cluster.block(address)) === undefined);
  assert.notEqual(await cluster.block(kept.address), undefined);
  await claimedRecord(ledger, claimantOf('second', undefined, 'node-11'), wantOf('eth0', [range]));
  await untilStatus('emptied', { allocatedIPCount: 1, coolingIPCount: 0 });
});

test('PoolStatus counts SpiderSubnets, and lets a deleted one go when no pool is its own', async () => {
  const path = resourcePath(kubeResources.subnets);
  const { status, body } = await plane.adminRequest('POST', path, {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderSubnet',
    metadata: { name: 'net', finalizers: ['spiderpool.spidernet.io'] },
    spec: { ipVersion: 4, subnet: '10.13.0.0/16', ips: ['10.13.0.1-10.13.0.100'], excludeIPs: ['10.13.0.7'] },
  });
  assert.equal(status, 201);
  const { uid } = (body as { readonly metadata: { readonly uid: string } }).metadata;
  const owner = {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderSubnet',
    name: 'net',
    uid,
    controller: true,
  };
  const pool = poolFixture(
    { subnet: '10.13.0.0/16', ips: ['10.13.0.1'] },
    { name: 'owned', ownerReferences: [owner] },
  );
  assert.equal((await plane.adminRequest('POST', collection, pool)).status, 201);
  await using leader = startLeader();
  const subnet = async () => plane.adminRequest('GET', `${path}/net`);
  await until(
    'a count',
    async () =>
      Reflect.get(Object(Reflect.get(Object((await subnet()).body), 'status')), 'totalIPCount') === 99,
  );
  await until('metrics', async () => {
    const text = await leader.metrics.registry.metrics();
    return (
      text.includes('\nspiderpool_debug_subnet_ippool_counts{SpiderSubnet="net"} 1\n') &&
      text.includes('\nspiderpool_total_subnet_counts 1\n')
    );
  });
  await untilStatus('owned', { totalIPCount: 1 });
  await plane.adminRequest('DELETE', `${path}/net`);
  await until('it is being deleted', async () =>
    JSON.stringify((await subnet()).body).includes('deletionTimestamp'),
  );
  await deletePool('owned');
  await until('the subnet is gone', async () => (await subnet()).status === 404);
  assert.equal(await readPool('owned'), undefined);
});
