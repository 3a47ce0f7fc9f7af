import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRecords } from '../support/cluster-records.ts';
import { addressesOf, assertRefused, assertSilentSuccess } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import { until } from './harness/until.ts';

/** Everything that an installed cluster may have switched off. */
const world = await ClusterWorld.create({
  nodes: ['node-a'],
  conf: { enableIPv6: false, enableStatefulSet: false, enableSpiderSubnet: false },
  env: { SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS: 'false', SPIDERPOOL_GC_IP_ENABLED: 'false' },
});
after(() => world[Symbol.asyncDispose]());
await world.createPool('four', { subnet: '10.121.0.0/24', ips: ['10.121.0.10-10.121.0.99'] });
await world.createPool('six', { subnet: 'fd00:121::/64', ips: ['fd00:121::10-fd00:121::99'] });

test('enableIPv6: false leaves IPv6 out, and refuses with 107 where nothing remains', async () => {
  const pod = await world.createPod('families', 'node-a');
  const six = { default_ipv6_ippool: ['six'] };
  assertRefused(await world.add(pod, six), 107, /IPv6 is switched off: set enableIPv6: true in conf\.yml/);
  const both = { default_ipv4_ippool: ['four'], ...six };
  const addresses = addressesOf(await world.add(pod, both));
  assert.match(addresses.join(' '), /^10\.121\.0\.\d+$/);
  await world.endPod(pod);
});

test('enableSpiderSubnet: false ignores the annotations of subnets', async () => {
  const annotations = { 'ipam.spidernet.io/subnet': '{"ipv4":["a"]}' };
  const pod = await world.createPod('subnets', 'node-a', { annotations });
  assert.equal(addressesOf(await world.add(pod, { default_ipv4_ippool: ['four'] })).length, 1);
  await world.endPod(pod);
});

test('enableStatefulSet: false treats the pod of a set as any other', async () => {
  const uid = '00000000-0000-0000-0000-000000000001';
  const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid, controller: true };
  const pod = await world.createPod('db-0', 'node-a', { ownerReferences: [set] });
  addressesOf(await world.add(pod, { default_ipv4_ippool: ['four'] }));
  await world.endPod(pod);
  await until('nothing is kept', async () => {
    const { keeps, uses } = await readRecords(world.plane);
    return keeps.length + uses.length === 0;
  });
});

test('SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS=false keeps addresses with a conflict, with status 521', async () => {
  const pod = await world.createPod('conflict', 'node-a');
  const [address] = addressesOf(await world.add(pod, { default_ipv4_ippool: ['four'] }));
  const { namespace: podNamespace, name: podName, uid: podUID, sandbox: containerID } = pod;
  const args = { containerID, podNamespace, podName, podUID, isReleaseConflictIPs: true };
  const answer = await world.agent('node-a').request('DELETE', '/v1/ipam/ips', args);
  assert.equal(answer.status, 521);
  assert.match(String(answer.body), /SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS is false/);
  assert.deepEqual(
    (await world.uses()).map((use) => use.address),
    [address],
  );
  await world.endPod(pod);
});

test('SPIDERPOOL_GC_IP_ENABLED=false switches the sweep off, and no DEL', async () => {
  const answer = await world.agent('node-a').request('POST', '/v1/gc');
  assert.equal(answer.status, 400);
  assert.match(answer.text, /garbage collection is switched off: set SPIDERPOOL_GC_IP_ENABLED/);
  const pod = await world.createPod('leak', 'node-a');
  const addresses = addressesOf(await world.add(pod, { default_ipv4_ippool: ['four'] }));
  await world.removePod(pod);
  await world.endSandbox(pod);
  // Two sweeps, had there been any.
  await sleep(30_000);
  assert.deepEqual(
    (await world.uses()).map((use) => use.address),
    addresses,
  );
  world.forget(pod);
  assertSilentSuccess(await world.del(pod));
  assert.deepEqual(await world.uses(), []);
});
