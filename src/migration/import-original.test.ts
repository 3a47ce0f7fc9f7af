import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { deletePod } from '../../test/support/cluster-objects.ts';
import { readRecords, type StoredUse } from '../../test/support/cluster-records.ts';
import { importOriginal } from './import-original.ts';
import { MigrationError } from './migration-error.ts';
import type { MigrationReport, PoolMigration } from './migration-report.ts';
import { OriginalCluster } from './testing/original-cluster.ts';

const cluster = await OriginalCluster.start();
after(() => cluster[Symbol.asyncDispose]());
const { api, plane } = cluster;

async function migrate(
  options: { readonly dryRun?: boolean; readonly signal?: AbortSignal } = {},
): Promise<MigrationReport> {
  const { dryRun = false, signal = new AbortController().signal } = options;
  return importOriginal({ api, dryRun, signal });
}

function ofPool(report: MigrationReport, name: string): PoolMigration {
  return report.pools.find(({ pool }) => pool === name) ?? assert.fail(`no report of ${name}`);
}

async function useOf(address: string): Promise<StoredUse | undefined> {
  return (await readRecords(plane)).uses.find((use) => use.address === address);
}

async function isMarked(name: string): Promise<boolean> {
  return (await cluster.readPool(name)).metadata.annotations?.['ipam.spidernet.io/ledger'] === 'blocks';
}

test('importOriginal() brings each record over with the NIC and node of its SpiderEndpoint, marks the pool and takes finalizers off', async () => {
  const pod = await cluster.pod('web', { node: 'node-b' });
  await cluster.pool('plain', '10.1.0', { '10.1.0.9': { pod: 'default/web', podUid: pod.uid } });
  await cluster.endpoint('web', pod.uid, [{ interface: 'net3', ipv4: '10.1.0.9/24', ipv4Pool: 'plain' }], {
    node: 'node-b',
    type: 'Deployment',
  });
  const report = await migrate();
  const { records, written, standing, conflicts, done, notes } = ofPool(report, 'plain');
  assert.deepEqual(
    { records, written, standing, conflicts, done, notes },
    {
      records: 1,
      written: 1,
      standing: 0,
      conflicts: 0,
      done: true,
      notes: [],
    },
  );
  assert.deepEqual(await useOf('10.1.0.9'), {
    address: '10.1.0.9',
    pool: 'plain',
    nic: 'net3',
    pod: 'default/web',
    uid: pod.uid,
    sandbox: '',
    node: 'node-b',
  });
  assert.equal(await isMarked('plain'), true);
  assert.deepEqual((await cluster.readEndpoint('web')).metadata.finalizers, undefined);
  assert.equal(report.endpoints, 1);
  assert.deepEqual((await migrate()).pools, []);
});

test('importOriginal() changes nothing in a dry run, and tells what it would do', async () => {
  const pod = await cluster.pod('dry');
  await cluster.pool('dry', '10.2.0', {
    '10.2.0.1': { pod: 'default/dry', podUid: pod.uid },
    '10.2.0.2': { pod: 'default/gone', podUid: 'gone' },
  });
  await cluster.endpoint('dry', pod.uid, [{ interface: 'eth0', ipv4: '10.2.0.1/24', ipv4Pool: 'dry' }]);
  const kinds = ['spiderippools', 'spiderendpoints', 'spideripblocks'] as const;
  const before = await Promise.all(kinds.map((kind) => cluster.all(kind)));
  const report = await migrate({ dryRun: true });
  assert.deepEqual(await Promise.all(kinds.map((kind) => cluster.all(kind))), before);
  const { written, notes, done } = ofPool(report, 'dry');
  assert.deepEqual({ written, done, endpoints: report.endpoints }, { written: 2, done: true, endpoints: 1 });
  assert.deepEqual(notes, ['10.2.0.2: its pod default/gone does not exist']);
  const real = await migrate();
  assert.deepEqual(ofPool(real, 'dry'), ofPool(report, 'dry'));
});

test('importOriginal() names the NICs that the original had not named yet, and reports those that nothing tells', async () => {
  const networks = await cluster.pod('multi', { networks: 'a,b@data0' });
  const bare = await cluster.pod('bare');
  const two = await cluster.pod('two');
  await cluster.pool('nics', '10.3.0', {
    '10.3.0.1': { pod: 'default/multi', podUid: networks.uid },
    '10.3.0.2': { pod: 'default/multi', podUid: networks.uid },
    '10.3.0.3': { pod: 'default/multi', podUid: networks.uid },
    '10.3.0.4': { pod: 'default/bare', podUid: bare.uid },
    '10.3.0.5': { pod: 'default/two', podUid: two.uid },
    '10.3.0.6': { pod: 'default/two', podUid: two.uid },
    '10.9.9.9': { pod: 'default/far', podUid: 'far' },
  });
  await cluster.endpoint('multi', networks.uid, [
    { interface: 'eth0', ipv4: '10.3.0.1/24', ipv4Pool: 'nics' },
    { interface: '', ipv4: '10.3.0.2/24', ipv4Pool: 'nics' },
    { interface: '', ipv4: '10.3.0.3/24', ipv4Pool: 'nics' },
  ]);
  const { notes, written } = ofPool(await migrate(), 'nics');
  assert.equal(written, 7);
  const nics = await Promise.all([1, 2, 3, 4].map(async (n) => (await useOf(`10.3.0.${n}`))?.nic));
  assert.deepEqual(nics, ['eth0', 'net1', 'data0', 'eth0']);
  const unknown = await Promise.all([5, 6].map(async (n) => (await useOf(`10.3.0.${n}`))?.nic ?? ''));
  assert.ok(
    unknown.every((nic) => /^\?[0-9a-f]{14}$/.test(nic)) && unknown[0] !== unknown[1],
    unknown.join(),
  );
  assert.deepEqual(
    notes.map((note) => note.split(':')[0]),
    ['10.3.0.5', '10.3.0.6', '10.9.9.9', '10.9.9.9'],
  );
});

test('importOriginal() keeps the addresses of static workloads, with a pod or without', async () => {
  const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'set' };
  const machine = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    name: 'vm',
    uid: 'machine',
  };
  const db = await cluster.pod('db-0', { controller: set });
  const launcher = await cluster.pod('virt-launcher-vm-x', { controller: machine, node: 'node-c' });
  await cluster.pool('static', '10.4.0', {
    '10.4.0.1': { pod: 'default/db-0', podUid: db.uid },
    '10.4.0.2': { pod: 'default/db-1', podUid: 'former' },
    '10.4.0.3': { pod: 'default/vm', podUid: launcher.uid },
  });
  const type = 'StatefulSet';
  for (const [name, uid, n] of [
    ['db-0', db.uid, 1],
    ['db-1', 'former', 2],
  ] as const) {
    const ips = [{ interface: 'eth0', ipv4: `10.4.0.${n}/24`, ipv4Pool: 'static' }];
    await cluster.endpoint(name, uid, ips, { type, ownerName: 'db' });
  }
  await cluster.endpoint(
    'vm',
    launcher.uid,
    [{ interface: 'eth0', ipv4: '10.4.0.3/24', ipv4Pool: 'static' }],
    {
      type: 'VirtualMachineInstance',
      node: 'node-c',
    },
  );
  assert.deepEqual(ofPool(await migrate(), 'static').notes, []);
  const { keeps } = await readRecords(plane);
  assert.deepEqual(keeps, [{ address: '10.4.0.2', owner: 'StatefulSet/default/db-1' }]);
  assert.equal((await useOf('10.4.0.1'))?.pod, 'default/db-0');
  assert.deepEqual(
    [(await useOf('10.4.0.3'))?.pod, (await useOf('10.4.0.3'))?.node],
    ['default/virt-launcher-vm-x', 'node-c'],
  );
});

test('importOriginal() refuses while an agent of the original runs, and names it', async () => {
  await cluster.pool('waiting', '10.5.0', { '10.5.0.1': { pod: 'default/a', podUid: 'a' } });
  const agent = await cluster.pod('spiderpool-agent-x1', {
    labels: { 'app.kubernetes.io/component': 'spiderpool-agent' },
  });
  await assert.rejects(migrate(), (error) => {
    assert.ok(error instanceof MigrationError);
    assert.match(error.message, /default\/spiderpool-agent-x1\): .* DaemonSet/);
    return true;
  });
  assert.equal(await isMarked('waiting'), false);
  await deletePod(plane, agent, { force: true });
  assert.equal(ofPool(await migrate(), 'waiting').done, true);
});

test('importOriginal() leaves what two pools record, or somebody has, as it is, and says so', async () => {
  const [first, second] = [await cluster.pod('first'), await cluster.pod('second')];
  await cluster.pool('twice-b', '10.6.0', { '10.6.0.7': { pod: 'default/second', podUid: second.uid } });
  await cluster.pool('twice-a', '10.6.0', { '10.6.0.7': { pod: 'default/first', podUid: first.uid } });
  const report = await migrate();
  assert.equal((await useOf('10.6.0.7'))?.uid, first.uid);
  assert.equal(ofPool(report, 'twice-a').conflicts, 0);
  const { conflicts, done, notes } = ofPool(report, 'twice-b');
  assert.deepEqual({ conflicts, done }, { conflicts: 1, done: true });
  assert.deepEqual(notes, [
    '10.6.0.7: it is recorded already for pod default/first in pool twice-a: that was left as it is',
  ]);
});

test('importOriginal() reports a pool whose records can not be read, and does not use it', async () => {
  await cluster.pool('broken', '10.7.0', { '10.7.0.1': { pod: 'default/a', podUid: 'a' } });
  const path = '/apis/spiderpool.spidernet.io/v2beta1/spiderippools/broken/status';
  await plane.adminRequest('PATCH', path, { status: { allocatedIPs: '{"10.7.0.1":' } });
  const report = await migrate();
  assert.match(ofPool(report, 'broken').problem ?? '', /^status\.allocatedIPs can't be read/);
  assert.equal(await isMarked('broken'), false);
  assert.equal(report.notes.length, 1);
  await cluster.allocate('broken', {});
});
