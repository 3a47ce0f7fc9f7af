import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StaticOwner } from '../../../src/ledger/record.ts';
import { until } from '../../../test/integration/harness/until.ts';
import {
  createStatefulSet,
  deletePod,
  finishPod,
  type PodReference,
} from '../../../test/support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import {
  blockPath,
  metricOf,
  nobody,
  RecordsByHand,
  startCollector,
} from './testing/collector-under-test.ts';

let plane: ControlPlane;
let records: RecordsByHand;

before(async () => {
  plane = await startControlPlane();
  records = new RecordsByHand(plane);
  await records.node('node');
});
after(async () => plane[Symbol.asyncDispose]());

/** For what must not happen: long beyond the times that tests collect with. */
const longMs = 2_500;

function ownerOf(ordinal: number): StaticOwner {
  return { kind: 'StatefulSet', namespace: 'default', name: `set-${ordinal}` };
}

async function recreated(
  name: string,
): Promise<{ readonly former: PodReference; readonly present: PodReference }> {
  const former = await records.pod(name);
  await deletePod(plane, former, { force: true });
  return { former, present: await records.pod(name) };
}

test('Collector frees as suspect what no pod uses any more, and nothing else', async () => {
  await using it = await startCollector(plane);
  const living = await records.pod('living');
  const { former, present } = await recreated('again');
  const job = await records.pod('job');
  await finishPod(plane, job, { phase: 'Failed', reason: 'NodeShutdown' });
  const raw = { pool: 'pool', network: 'net', nic: 'eth0', since: '2026-01-01T00:00:00Z' };
  await records.write('10.1.0.1', { pod: living });
  await records.write('10.1.0.2', { pod: present });
  await records.write('10.1.0.3', { pod: living, pool: 'no-such-pool' });
  await records.write('10.1.0.4', { pod: living, holder: { uid: '', sandbox: '' } });
  await records.write('10.1.0.5', { pod: nobody('cni'), holder: { pod: { namespace: '', name: '' } } });
  await records.writeSlot('10.1.0.6', { ...raw, holders: 'nonsense' });
  await records.write('10.1.0.11', { pod: nobody('gone') });
  await records.write('10.1.0.12', { pod: former });
  await records.write('10.1.0.13', { pod: { ...living, uid: 'made-up' } });
  await records.write('10.1.0.14', { pod: { ...living, name: 'made-up' } });
  await records.write('10.1.0.15', { pod: nobody('imported'), holder: { uid: '', sandbox: '' } });
  await records.write('10.1.0.16', { pod: nobody('../../nodes/node') });
  await records.write('10.1.0.17', { pod: job });
  await records.write('10.1.0.18', {
    pod: nobody('cni'),
    holder: { node: 'no-such-node', pod: { namespace: '', name: '' } },
  });
  await records.write('fd00::11', { pod: nobody('gone') });
  for (const last of [11, 12, 13, 14, 15, 16, 17, 18]) {
    assert.equal(await records.untilFreed(`10.1.0.${last}`), true, `10.1.0.${last}`);
  }
  assert.equal(await records.untilFreed('fd00::11'), true);
  await sleep(longMs);
  for (const last of [1, 2, 3, 4, 5, 6]) {
    assert.notEqual((await records.slot(`10.1.0.${last}`)).holders, undefined, `10.1.0.${last}`);
  }
  assert.equal(await metricOf(it.metrics, 'spiderpool_ip_gc_counts_total'), 9);
  assert.equal(await metricOf(it.metrics, 'spiderpool_ip_gc_failure_counts_total'), 0);
  assert.equal(await metricOf(it.metrics, 'spiderpool_ip_gc_unreadable_slots'), 1);
  assert.ok((await metricOf(it.metrics, 'spiderpool_ip_gc_last_pass_timestamp_seconds')) > 0);
});

test('Collector leaves an agent its time, and collectNow() tells what is suspected', async () => {
  await using it = await startCollector(plane, { times: { goneMs: 3_600_000 } });
  const { suspected } = await it.collectNow();
  await records.write('10.2.0.1', { pod: nobody('gone') });
  await until('it is suspected', async () => (await it.collectNow()).suspected === suspected + 1);
  const report = await it.collectNow();
  assert.equal(report.freedCount, 0);
  assert.equal(report.error, undefined);
  assert.ok(report.examined > 0);
  assert.notEqual((await records.slot('10.2.0.1')).holders, undefined);
  await records.writeSlot('10.2.0.1', {});
});

test('Collector frees at once what was on a node that is shut down for certain, and waits where the node works again', async () => {
  await records.node('down', { isReady: false, isOutOfService: true });
  await records.node('back', { isReady: true, isOutOfService: true });
  await using it = await startCollector(plane, { times: { goneMs: 3_600_000 } });
  const ending = await records.pod('ending-down', 'down');
  await records.write('10.3.0.1', { pod: nobody('gone'), holder: { node: 'down' } });
  await records.write('10.3.0.2', { pod: nobody('gone'), holder: { node: 'down', outlivesPod: true } });
  await records.write('10.3.0.3', { pod: ending, holder: { node: 'down' } });
  await records.write('10.3.0.4', { pod: nobody('gone'), holder: { node: 'back' } });
  await deletePod(plane, ending);
  for (const last of [1, 2, 3]) assert.equal(await records.untilFreed(`10.3.0.${last}`), false);
  await it.collectNow();
  assert.notEqual((await records.slot('10.3.0.4')).holders, undefined);
  await records.writeSlot('10.3.0.4', {});
});

test('Collector leaves what outlives its pod to its agent while the node is Ready, and frees it when the node falls silent', async () => {
  await records.node('silent');
  await using _ = await startCollector(plane);
  await records.write('10.4.0.1', { pod: nobody('gone'), holder: { node: 'silent', outlivesPod: true } });
  await records.write('10.4.0.2', { pod: nobody('gone'), holder: { node: 'silent' } });
  assert.equal(await records.untilFreed('10.4.0.2'), true);
  await sleep(longMs);
  assert.notEqual((await records.slot('10.4.0.1')).holders, undefined);
  await records.node('silent', { isReady: false });
  assert.equal(await records.untilFreed('10.4.0.1'), true);
});

test('Collector frees ending and finished pods past their grace where its switches allow it', async () => {
  await records.node('dead', { isReady: false });
  await using it = await startCollector(plane, { collection: { onReadyNodes: false } });
  const [onReady, onDead, done, member] = await Promise.all([
    records.pod('ending-ready'),
    records.pod('ending-dead', 'dead'),
    records.pod('done-ready'),
    records.pod('ending-member', 'dead'),
  ]);
  await finishPod(plane, done, { phase: 'Failed', reason: 'Evicted' });
  await records.write('10.5.0.1', { pod: onReady });
  await records.write('10.5.0.2', { pod: onDead, holder: { node: 'dead' } });
  await records.write('10.5.0.3', { pod: done });
  const owner = { kind: 'StatefulSet', namespace: 'default', name: 'ending-member' };
  await records.write('10.5.0.4', { pod: member, owner, holder: { node: 'dead' } });
  for (const { name } of [onReady, onDead, member]) {
    const path = `/api/v1/namespaces/default/pods/${name}`;
    await plane.adminRequest('DELETE', path, { gracePeriodSeconds: 1 });
  }
  assert.equal(await records.untilFreed('10.5.0.2'), true);
  await sleep(longMs);
  await it.collectNow();
  for (const last of [1, 3, 4]) {
    assert.notEqual((await records.slot(`10.5.0.${last}`)).holders?.length ?? 0, 0, `10.5.0.${last}`);
  }
  await using _ = await startCollector(plane, { collection: { onNotReadyNodes: false } });
  assert.equal(await records.untilFreed('10.5.0.1'), true);
  assert.equal(await records.untilFreed('10.5.0.3'), true);
});

test('Collector frees running pods without an address only where it is told to', async () => {
  const bare = await records.pod('bare');
  await records.patch('/api/v1/namespaces/default/pods/bare/status', {
    status: { podIPs: null, podIP: null },
  });
  await records.write('10.6.0.1', { pod: bare });
  {
    await using it = await startCollector(plane);
    await sleep(longMs);
    assert.equal((await it.collectNow()).suspected, 0);
  }
  await using _ = await startCollector(plane, { collection: { runningWithoutAddress: true } });
  assert.equal(await records.untilFreed('10.6.0.1'), true);
});

test('Collector takes pods that are gone off static addresses, and frees those of owners that are gone with few readings', async () => {
  await createStatefulSet(plane, { namespace: 'default', name: 'set', replicas: 2 });
  await using it = await startCollector(plane);
  await records.write('10.7.0.0', { owner: ownerOf(0), pod: nobody('set-0') });
  await records.write('10.7.0.1', { owner: ownerOf(1), keptOn: 'node' });
  await records.write('10.7.0.2', { owner: ownerOf(2), keptOn: 'node' });
  await records.write('10.7.0.3', {
    owner: ownerOf(3),
    pod: nobody('set-3'),
    holder: { node: 'no-such-node' },
  });
  for (let ordinal = 4; ordinal < 64; ordinal += 1) {
    await records.write(`10.7.0.${ordinal}`, { owner: ownerOf(ordinal), keptOn: 'no-such-node' });
  }
  assert.equal(await records.untilFreed('10.7.0.2'), false);
  assert.equal(await records.untilFreed('10.7.0.3'), true);
  assert.equal(await records.untilFreed('10.7.0.63'), true);
  await until(
    'the pod is off its address',
    async () => (await records.slot('10.7.0.0')).holders?.length === 0,
  );
  const asked = it.proxy.countRequests('GET', /\/statefulsets\/set$/);
  const looks = (await it.collectNow()).examined;
  assert.ok(looks > 0 && asked < 60, `${asked} readings of one set`);
  await sleep(longMs);
  for (const last of [0, 1]) assert.deepEqual((await records.slot(`10.7.0.${last}`)).holders, []);
});

test('Collector frees nothing by a watch that has missed the pod', async () => {
  await using it = await startCollector(plane);
  const fault = it.proxy.inject({ path: /\/pods\?.*watch/, fault: { kind: 'status', status: 500 } });
  it.proxy.cutAll();
  await until('the watch is lost', () => fault.hits > 0);
  const pod = await records.pod('unseen');
  await records.write('10.8.0.1', { pod });
  await until('the pod is read', () => it.proxy.countRequests('GET', /\/pods\/unseen$/) >= 2);
  assert.notEqual((await records.slot('10.8.0.1')).holders, undefined);
  assert.equal(it.view.pods.items.get('default/unseen'), undefined);
});

test('Collector reads twice, its whole time apart, what a silent watch told', async () => {
  await using it = await startCollector(plane, { times: { silenceMaxMs: -1 } });
  await records.write('10.9.0.1', { pod: nobody('gone-unheard') });
  assert.equal(await records.untilFreed('10.9.0.1'), true);
  assert.equal(it.proxy.countRequests('GET', /\/pods\/gone-unheard$/), 2);
});

test('Collector frees nothing while pods or nodes can not be read, says so, and does it when they can', async () => {
  await using it = await startCollector(plane);
  const fault = it.proxy.inject({ path: /\/pods\/gone-dark/, fault: { kind: 'status', status: 500 } });
  await records.write('10.10.0.1', { pod: nobody('gone-dark') });
  await until('it was asked for', () => fault.hits > 0, 120_000);
  const report = await it.collectNow();
  assert.match(report.error ?? '', /could not be read/);
  assert.ok((await metricOf(it.metrics, 'spiderpool_ip_gc_failure_counts_total')) > 0);
  assert.notEqual((await records.slot('10.10.0.1')).holders, undefined);
  fault.remove();
  assert.equal(await records.untilFreed('10.10.0.1'), true);
});

test('Collector frees the rest while one block can not be written, and that one when it can', async () => {
  await using it = await startCollector(plane);
  const fault = it.proxy.inject({
    method: 'PATCH',
    path: blockPath('10.11.0.1'),
    fault: { kind: 'status', status: 500 },
  });
  await records.write('10.11.0.1', { pod: nobody('gone-a') });
  await records.write('10.12.0.1', { pod: nobody('gone-b') });
  assert.equal(await records.untilFreed('10.12.0.1'), true);
  await until('it was tried', () => fault.hits > 0);
  fault.remove();
  assert.equal(await records.untilFreed('10.11.0.1'), true);
});

test('Collector survives an API server that is away, and frees each address once', async () => {
  await using it = await startCollector(plane);
  await it.proxy.refuse(true);
  await records.write('10.13.0.1', { pod: nobody('gone-away') });
  await sleep(longMs);
  assert.notEqual((await records.slot('10.13.0.1')).holders, undefined);
  await it.proxy.refuse(false);
  assert.equal(await records.untilFreed('10.13.0.1'), true);
  await it.collectNow();
  assert.equal(await metricOf(it.metrics, 'spiderpool_ip_gc_counts_total'), 1);
});

test('Collector frees what two leaders find at a time only once, and never what was given away since', async () => {
  await using one = await startCollector(plane);
  await using other = await startCollector(plane);
  const fault = one.proxy.inject({
    method: 'PATCH',
    path: blockPath('10.14.0.1'),
    fault: { kind: 'commit-late', delayMs: 3_000 },
    times: 1,
  });
  for (let last = 1; last <= 20; last += 1) {
    await records.write(`10.14.0.${last}`, { pod: nobody(`gone-twice-${last}`) });
  }
  for (let last = 1; last <= 20; last += 1) await records.untilFreed(`10.14.0.${last}`);
  const pod = await records.pod('next-holder');
  await records.write('10.14.0.1', { pod });
  await sleep(longMs + 3_000);
  assert.ok(fault.hits <= 1);
  assert.deepEqual((await records.slot('10.14.0.1')).holders?.[0]?.uid, pod.uid);
  const counts = await Promise.all(
    [one, other].map(({ metrics }) => metricOf(metrics, 'spiderpool_ip_gc_counts_total')),
  );
  assert.ok(counts.every((count) => count <= 20));
});

test('Collector reads a namespace that is gone with all its pods by lists, and writes a block once for many', async () => {
  await using it = await startCollector(plane, { times: { goneMs: 3_000, eventPauseMs: 1_000 } });
  const total = 64;
  for (let index = 0; index < total; index += 1) {
    await records.write(`10.15.0.${index}`, { pod: nobody(`many-${index}`, 'no-such-namespace') });
  }
  for (let index = 0; index < total; index += 1)
    assert.equal(await records.untilFreed(`10.15.0.${index}`), true);
  const lists = it.proxy.countRequests('GET', /\/namespaces\/no-such-namespace\/pods$/);
  const single = it.proxy.countRequests('GET', /\/namespaces\/no-such-namespace\/pods\//);
  assert.ok(lists > 0 && single < total / 2, `${lists} lists, ${single} single readings`);
  assert.ok(it.proxy.countRequests('PATCH', blockPath('10.15.0.0')) < total / 2);
});

test('Collector ends at once when it is cancelled, whatever it does', async () => {
  const it = await startCollector(plane);
  try {
    const fault = it.proxy.inject({ path: /\/pods\/gone-slow/, fault: { kind: 'delay', delayMs: 60_000 } });
    await records.write('10.16.0.1', { pod: nobody('gone-slow') });
    await until('it is being read', () => fault.hits > 0);
    const startedMs = performance.now();
    await it.stop();
    assert.ok(performance.now() - startedMs < 30_000);
    assert.notEqual((await records.slot('10.16.0.1')).holders, undefined);
  } finally {
    await it[Symbol.asyncDispose]();
    await records.writeSlot('10.16.0.1', {});
  }
});

test('Collector does nothing where it is switched off, and says so to who asks', async () => {
  await using it = await startCollector(plane, { collection: { isEnabled: false } });
  await records.write('10.17.0.1', { pod: nobody('gone-off') });
  await sleep(longMs);
  const report = await it.collectNow();
  assert.match(report.error ?? '', /switched off/);
  assert.equal(report.freedCount, 0);
  assert.notEqual((await records.slot('10.17.0.1')).holders, undefined);
  await records.writeSlot('10.17.0.1', {});
});

test('Collector.collectNow() tells which addresses it freed', async () => {
  // What is gone is due at once, and nothing but the caller asks for a look: events and retries come an hour later.
  const times = { goneMs: 0, againMs: 3_600_000, eventPauseMs: 3_600_000 };
  await using it = await startCollector(plane, { times });
  await records.write('10.18.0.1', { pod: nobody('gone-asked') });
  const report = await until('the address is freed', async () => {
    const now = await it.collectNow();
    return now.freed.includes('10.18.0.1') ? now : undefined;
  });
  assert.equal(report.freedCount, report.freed.length);
  assert.equal(report.suspectCount, report.freedCount);
  assert.deepEqual((await it.collectNow()).freed, []);
});
