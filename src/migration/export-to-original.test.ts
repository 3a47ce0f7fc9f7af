import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createObject, deletePod } from '../../test/support/cluster-objects.ts';
import { parseCidr } from '../ip/cidr.ts';
import { RangeSet } from '../ip/range-set.ts';
import { chooseAddress } from '../ipam/choose.ts';
import { microTime } from '../kube/lease.ts';
import { openBlockLedger } from '../ledger/blocks/block-ledger.ts';
import { exportToOriginal } from './export-to-original.ts';
import { importOriginal } from './import-original.ts';
import { MigrationError } from './migration-error.ts';
import type { MigrationReport } from './migration-report.ts';
import type { PlannedEntry } from './plan-entry.ts';
import { PoolExport } from './pool-export.ts';
import { type Detail, OriginalCluster } from './testing/original-cluster.ts';

const cluster = await OriginalCluster.start();
after(() => cluster[Symbol.asyncDispose]());
const { api, plane } = cluster;
const { signal } = new AbortController();
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

async function goBack(dryRun = false): Promise<MigrationReport> {
  return exportToOriginal({ api, dryRun, signal });
}

function detail(n: number): readonly Detail[] {
  return [{ interface: 'eth0', ipv4: `10.1.0.${n}/24`, ipv4Pool: 'mixed' }];
}

function manyEntries(count: number): readonly PlannedEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    address: 0x0a020000 + i,
    pod: `default/${'a'.repeat(20)}-${i}`,
    podUid: crypto.randomUUID(),
    livePod: undefined,
    notes: [],
  }));
}

/** A record as an agent of this project makes it. */
async function claim(
  pool: string,
  prefix: string,
  pod: { readonly name: string; readonly uid: string },
): Promise<string> {
  await using ledger = await openBlockLedger({ api, nodeName: 'node-a' });
  const subnet = parseCidr(`${prefix}.0/24`) ?? assert.fail();
  const base = Number(subnet.network);
  const range = { start: base + 1, end: base + 250 };
  const eligible = RangeSet.of(4, [range]);
  const outcome = await ledger.claim(
    {
      holder: {
        uid: pod.uid,
        sandbox: `box-${pod.name}`,
        node: 'node-a',
        pod: { namespace: 'default', name: pod.name },
      },
      network: 'net',
    },
    [{ nic: 'eth0', family: 4, pools: [{ name: pool, family: 4, subnet, eligible, reuseDelayMs: 0 }] }],
    chooseAddress,
  );
  assert.equal(outcome.kind, 'claimed');
  const address = outcome.kind === 'claimed' ? Number(outcome.addresses[0]?.record.address) : 0;
  return `${prefix}.${address - base}`;
}

test('exportToOriginal() writes what was imported and what was allocated since, and makes the endpoint that is missing', async () => {
  const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'set' };
  const machine = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    name: 'vm',
    uid: 'machine',
  };
  const db = await cluster.pod('db-0', { controller: set });
  const launcher = await cluster.pod('virt-launcher-vm-x', { controller: machine });
  const before = {
    '10.1.0.1': { pod: 'default/db-0', podUid: db.uid },
    '10.1.0.2': { pod: 'default/db-1', podUid: 'former' },
    '10.1.0.3': { pod: 'default/vm', podUid: launcher.uid },
  };
  await cluster.pool('mixed', '10.1.0', before);
  await cluster.endpoint('db-0', db.uid, detail(1), { type: 'StatefulSet', ownerName: 'db' });
  await cluster.endpoint('db-1', 'former', detail(2), { type: 'StatefulSet', ownerName: 'db' });
  await cluster.endpoint('vm', launcher.uid, detail(3), { type: 'VirtualMachineInstance' });
  await importOriginal({ api, dryRun: false, signal });
  const web = await cluster.pod('web');
  const address = await claim('mixed', '10.1.0', web);

  const kinds = ['spiderippools', 'spiderendpoints', 'spideripblocks'] as const;
  const untouched = await Promise.all(kinds.map((kind) => cluster.all(kind)));
  const plan = await goBack(true);
  assert.deepEqual(await Promise.all(kinds.map((kind) => cluster.all(kind))), untouched);
  const report = await goBack();
  assert.deepEqual(report, { ...plan, dryRun: false });
  assert.deepEqual(
    report.pools.map(({ pool, written, done, notes }) => ({ pool, written, done, notes })),
    [{ pool: 'mixed', written: 4, done: true, notes: [] }],
  );
  const { metadata, status } = await cluster.readPool('mixed');
  assert.equal(metadata.annotations?.['ipam.spidernet.io/ledger'], undefined);
  assert.deepEqual(JSON.parse(status?.allocatedIPs ?? ''), {
    ...before,
    [address]: { pod: 'default/web', podUid: web.uid },
  });
  const made = await cluster.readEndpoint('web');
  assert.deepEqual(made.metadata.finalizers, ['spiderpool.spidernet.io']);
  assert.deepEqual(made.status, {
    current: {
      uid: web.uid,
      node: 'node-a',
      ips: [
        {
          interface: 'eth0',
          vlan: 0,
          ipv4: `${address}/24`,
          ipv4Pool: 'mixed',
          ipv4Gateway: '10.1.0.254',
          cleanGateway: false,
        },
      ],
    },
    ownerControllerType: 'Pod',
    ownerControllerName: 'web',
  });
  assert.deepEqual((await cluster.readEndpoint('db-1')).metadata.finalizers, ['spiderpool.spidernet.io']);
  // Nothing is left to do, and what the original does from here on is not written over.
  await cluster.allocate('mixed', before);
  assert.deepEqual((await goBack()).pools, []);
  const again = await importOriginal({ api, dryRun: false, signal });
  assert.deepEqual(
    again.pools.map(({ standing, written }) => ({ standing, written })),
    [{ standing: 3, written: 0 }],
  );
});

test('exportToOriginal() refuses while an agent of this project runs', async () => {
  const agent = await cluster.pod('spiderpool-agent-y', {
    labels: { 'app.kubernetes.io/component': 'spiderpool-agent', 'ipam.spidernet.io/ledger': 'blocks' },
  });
  await assert.rejects(
    goBack(),
    (error) => error instanceof MigrationError && error.code === 'MIGRATION_AGENTS_RUN',
  );
  const { notes } = await goBack(true);
  assert.match(notes[0] ?? '', /^it would be refused: agents of this Spiderpool run/);
  await deletePod(plane, agent, { force: true });
});

test('exportToOriginal() refuses while a controller renews its lease, and not for one that was left behind', async () => {
  const name = 'spiderpool-controller-leases';
  const spec = { holderIdentity: 'controller-a', leaseDurationSeconds: 5, renewTime: microTime(0) };
  await createObject(plane, leases, { metadata: { name }, spec });
  const renewing = setInterval(() => {
    void plane.adminRequest('PATCH', `${leases}/${name}`, { spec: { renewTime: microTime(Date.now()) } });
  }, 200);
  await assert
    .rejects(goBack(), (error) => {
      assert.ok(error instanceof MigrationError);
      assert.equal(error.code, 'MIGRATION_CONTROLLER_LEADS');
      assert.match(error.message, /controller-a renews the lease default\/spiderpool-controller-leases/);
      return true;
    })
    .finally(() => clearInterval(renewing));
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual((await goBack()).notes, []);
  await plane.adminRequest('DELETE', `${leases}/${name}`);
});

test('PoolExport leaves a pool here whose records etcd would not take, and warns of more than the original allocates', async () => {
  await cluster.pool('large', '10.2.0');
  const options = { api, dryRun: false, signal };
  const large = new PoolExport('large', manyEntries(6_000), options);
  await large.writeRecords();
  assert.match(large.migration.notes[0] ?? '', /^it has 6000 records: .* fewer than 5000/);
  assert.equal(large.migration.written, 6_000);
  const tooLarge = new PoolExport('large', manyEntries(16_000), options);
  await tooLarge.writeRecords();
  await tooLarge.handOver();
  assert.match(tooLarge.migration.problem ?? '', /^its 16000 records make an object of \d+ bytes/);
  assert.equal(tooLarge.migration.done, false);
});
