import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createKubeApi } from '../../src/kube/create-kube-api.ts';
import { exportToOriginal } from '../../src/migration/export-to-original.ts';
import { importOriginal } from '../../src/migration/import-original.ts';
import { readRecords } from '../support/cluster-records.ts';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import { until } from './harness/until.ts';

const group = '/apis/spiderpool.spidernet.io/v2beta1';
const world = await ClusterWorld.create({ nodes: ['node-a'] });
after(() => world[Symbol.asyncDispose]());
const api = createKubeApi({ kubeconfig: world.plane.adminKubeconfig });
after(() => api[Symbol.asyncDispose]());
const { signal } = new AbortController();
const spec = { subnet: '10.81.0.0/24', ips: ['10.81.0.1-10.81.0.60'], gateway: '10.81.0.254' };
const ipam = { default_ipv4_ippool: ['moved'] };

async function allocate(allocated: Readonly<Record<string, object>>): Promise<void> {
  await world.admin('PATCH', `${group}/spiderippools/moved/status`, {
    status: { allocatedIPs: JSON.stringify(allocated), allocatedIPCount: Object.keys(allocated).length },
  });
}

async function endpoint(name: string, uid: string, address: string): Promise<void> {
  await world.admin('POST', `${group}/namespaces/default/spiderendpoints`, {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderEndpoint',
    metadata: {
      name,
      finalizers: ['spiderpool.spidernet.io'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }],
    },
    status: {
      current: {
        uid,
        node: 'node-a',
        ips: [{ interface: 'eth0', ipv4: `${address}/24`, ipv4Pool: 'moved' }],
      },
      ownerControllerType: 'Pod',
      ownerControllerName: name,
    },
  });
}

async function recorded(): Promise<readonly string[]> {
  const { uses } = await readRecords(world.plane);
  return uses.map(({ address, pod }) => `${address} ${pod}`).toSorted();
}

test('an agent refuses a pool of the original, serves each of its pods the same address once it is imported, and frees it by DEL; and all goes back', {
  timeout: 300_000,
}, async () => {
  await world.createPool('moved', spec);
  const [stays, ends] = [await world.createPod('stays', 'node-a'), await world.createPod('ends', 'node-a')];
  await allocate({
    '10.81.0.7': { pod: 'default/stays', podUid: stays.uid },
    '10.81.0.9': { pod: 'default/ends', podUid: ends.uid },
  });
  await endpoint('stays', stays.uid, '10.81.0.7');
  await endpoint('ends', ends.uid, '10.81.0.9');
  // Agents read a pool again when something else than its status has changed.
  await world.admin('PATCH', `${group}/spiderippools/moved`, { metadata: { labels: { changed: 'yes' } } });
  await until('the agent knows of the records', async () => {
    const { text } = await world.agent('node-a').request('GET', '/v1/pools');
    return text.includes('OriginalRecords');
  });
  const refused = await world.add(stays, ipam);
  assert.equal((refused.body as { readonly code?: number }).code, 109, refused.text);

  const forth = await importOriginal({ api, dryRun: false, signal });
  assert.deepEqual(
    forth.pools.map(({ written, done, notes }) => ({ written, done, notes })),
    [{ written: 2, done: true, notes: [] }],
  );
  // At once, and before the agent has compared its records: it must know them first.
  const { addresses } = await world.addUntilServed(await world.newSandbox(stays), ipam);
  assert.deepEqual(addresses, ['10.81.0.7']);
  const fresh = await world.createPod('fresh', 'node-a');
  const [freshAddress = ''] = addressesOf(await world.add(fresh, ipam));
  assert.ok(!['10.81.0.7', '10.81.0.9'].includes(freshAddress), freshAddress);
  await world.removePod(ends);
  await world.endSandbox(ends);
  assert.equal((await world.del(ends, ipam)).status, 200);
  await until(
    'the imported address is free',
    async () => !(await recorded()).some((one) => one.endsWith('default/ends')),
  );
  assert.deepEqual(await recorded(), ['10.81.0.7 default/stays', `${freshAddress} default/fresh`].toSorted());

  // The agents of this world are no pods, so nothing refuses; a person stops them first.
  await world.agent('node-a').stop();
  const back = await exportToOriginal({ api, dryRun: false, signal });
  assert.deepEqual(back.notes, []);
  assert.deepEqual(
    back.pools.map(({ written, done, notes }) => ({ written, done, notes })),
    [{ written: 2, done: true, notes: [] }],
  );
  const pool = (await world.admin('GET', `${group}/spiderippools/moved`)) as {
    metadata: { annotations?: Record<string, string> };
    status: { allocatedIPs: string; allocatedIPCount: number };
  };
  assert.equal(pool.metadata.annotations?.['ipam.spidernet.io/ledger'], undefined);
  assert.equal(pool.status.allocatedIPCount, 2);
  assert.deepEqual(JSON.parse(pool.status.allocatedIPs), {
    '10.81.0.7': { pod: 'default/stays', podUid: stays.uid },
    [freshAddress]: { pod: 'default/fresh', podUid: fresh.uid },
  });
  for (const [name, uid, address] of [
    ['stays', stays.uid, '10.81.0.7'],
    ['fresh', fresh.uid, freshAddress],
  ]) {
    const { metadata, status } = (await world.admin(
      'GET',
      `${group}/namespaces/default/spiderendpoints/${name}`,
    )) as {
      metadata: { finalizers?: string[] };
      status: {
        current: { uid: string; node: string; ips: { interface: string; ipv4: string; ipv4Pool: string }[] };
      };
    };
    assert.deepEqual(metadata.finalizers, ['spiderpool.spidernet.io']);
    assert.equal(status.current.uid, uid);
    assert.deepEqual(
      status.current.ips.map((ip) => [ip.interface, ip.ipv4, ip.ipv4Pool]),
      [['eth0', `${address}/24`, 'moved']],
    );
  }
});
