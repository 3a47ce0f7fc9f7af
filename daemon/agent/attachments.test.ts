import assert from 'node:assert/strict';
import test from 'node:test';
import { resolvePoolFiles } from '../../src/cluster/pool-files.ts';
import { formatAddress } from '../../src/ip/address.ts';
import type { AddRequest } from './attachment.ts';
import { addRequest, createTestNode, poolManifest } from './testing/test-node.ts';

const { signal } = new AbortController();

/** An ADD for a sandbox of the one pod that all tests know. */
function ofPod(sandbox: string): AddRequest {
  const pod = { namespace: 'ns', name: 'p', uid: 'u1' };
  return addRequest(sandbox, { attachment: { sandbox, nic: 'eth0', pod } });
}

test('Attachments.add() asked again gives what stands', async () => {
  await using node = await createTestNode();
  const first = await node.attachments.add(addRequest('c1'), signal);
  assert.deepEqual(await node.attachments.add(addRequest('c1'), signal), first);
  assert.equal((await node.ledger.records({})).length, 1);
});

test('Attachments.add() gives two NICs of one container two addresses of one pool', async () => {
  await using node = await createTestNode();
  const [one] = await node.attachments.add(addRequest('c1'), signal);
  const second = addRequest('c1');
  const [two] = await node.attachments.add(
    {
      ...second,
      attachment: { ...second.attachment, nic: 'net1' },
      nicRequest: { ...second.nicRequest, nic: 'net1' },
    },
    signal,
  );
  assert.notEqual(one?.address, two?.address);
});

test('Attachments.add() refuses with 103 when the pool is full, and allocates nothing', async () => {
  await using node = await createTestNode('10.6.0.1-10.6.0.2');
  for (const sandbox of ['c1', 'c2']) await node.attachments.add(addRequest(sandbox), signal);
  await assert.rejects(node.attachments.add(addRequest('c3'), signal), (error: Error & { code?: number }) => {
    assert.equal(error.code, 103);
    assert.match(error.message, /pool a \(total 2, allocated 2, reserved 0, excluded 0, suspect 0\)/);
    return true;
  });
  assert.equal((await node.ledger.records({})).length, 2);
});

test('Attachments.add() keeps the address of a pod whose sandbox is made again, and its late DEL changes nothing', async () => {
  await using node = await createTestNode();
  const [first] = await node.attachments.add(ofPod('c1'), signal);
  const [again] = await node.attachments.add(ofPod('c2'), signal);
  assert.equal(again?.address, first?.address);
  await node.releases.del(ofPod('c1').attachment);
  const [record] = await node.ledger.records({});
  assert.equal(record?.holders[0]?.sandbox, 'c2');
});

test('GarbageCollection.collect() frees what the runtime does not know any more, of this network only', async () => {
  await using node = await createTestNode();
  for (const sandbox of ['c1', 'c2']) await node.attachments.add(addRequest(sandbox), signal);
  await node.attachments.add(addRequest('c3', { network: 'other' }), signal);
  assert.equal(
    await node.garbageCollection.collect('net', [{ containerId: 'c1', ifName: 'eth0' }], signal),
    1,
  );
  const left = await node.ledger.records({});
  assert.deepEqual(
    left.map(({ holders }) => holders[0]?.sandbox),
    ['c1', 'c3'],
  );
});

test('Attachments.explain() tells the address that an ADD then gets, and writes nothing', async () => {
  await using node = await createTestNode();
  const { preview, error } = await node.attachments.explain(addRequest('c1'), signal);
  assert.equal(error, undefined);
  assert.ok(preview?.kind === 'claimable');
  assert.deepEqual(await node.ledger.records({}), []);
  const [allocated] = await node.attachments.add(addRequest('c1'), signal);
  assert.equal(
    allocated && formatAddress(allocated.address),
    preview.addresses[0] && formatAddress(preview.addresses[0].address),
  );
});

test('Attachments.explain() tells why an ADD would fail', async () => {
  await using node = await createTestNode('10.6.0.1');
  await node.attachments.add(addRequest('c1'), signal);
  const { error, plan, exhausted } = await node.attachments.explain(addRequest('c2'), signal);
  assert.deepEqual([...(exhausted ?? [])], ['a']);
  assert.match((error as Error).message, /no free IPv4 address/);
  assert.deepEqual(plan.nics[0]?.families[0]?.candidates, [{ name: 'a' }]);
});

test('Releases.revoke() releases all NICs of a container', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  const more = addRequest('c1');
  await node.attachments.add(
    {
      ...more,
      attachment: { ...more.attachment, nic: 'net1' },
      nicRequest: { ...more.nicRequest, nic: 'net1' },
    },
    signal,
  );
  await node.releases.revoke({ sandbox: 'c1', pod: {} });
  assert.deepEqual(await node.ledger.records({}), []);
});

test('Attachments.add() asked again gives what stands even when the pool would not be chosen any more', async () => {
  await using node = await createTestNode();
  const first = await node.attachments.add(ofPod('c1'), signal);
  node.cluster.update({
    ...resolvePoolFiles([], {
      good: new Map([['a.yaml', poolManifest('a', '10.6.0.1-10.6.0.9')]]),
      retired: new Map(),
    }),
  });
  assert.deepEqual(await node.attachments.add(ofPod('c2'), signal), first);
  const [record] = await node.ledger.records({});
  assert.equal(record?.holders[0]?.sandbox, 'c2');
  await assert.rejects(node.attachments.add(addRequest('c3'), signal), { code: 102 });
});

test('Attachments.standing() finds a record by its sandbox and NIC, and compares the uid only when both sides have one', async () => {
  await using node = await createTestNode();
  await node.attachments.add(ofPod('c1'), signal);
  const { attachment } = ofPod('c1');
  assert.equal((await node.attachments.standing(attachment)).length, 1);
  assert.equal((await node.attachments.standing({ ...attachment, pod: {} })).length, 1);
  assert.equal((await node.attachments.standing({ ...attachment, pod: { uid: 'other' } })).length, 0);
});

test('Releases.del() tells how many addresses it freed', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  assert.equal(await node.releases.del(addRequest('c1').attachment), 1);
  assert.equal(await node.releases.del(addRequest('c1').attachment), 0);
});

test('Attachments.add() refuses to describe an address whose pool is another subnet by now', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  const text = poolManifest('a', '10.77.0.1').replace('10.6.0.0/16', '10.77.0.0/20');
  node.cluster.update(resolvePoolFiles([{ name: 'a.yaml', text }], { good: new Map(), retired: new Map() }));
  await assert.rejects(node.attachments.add(addRequest('c1'), signal), {
    code: 101,
    message: /holds 10\.6\.0\.1 of pool a, which is 10\.77\.0\.0\/20 by now: bring its subnet back/,
  });
});

test('GarbageCollection.collect() frees records that were made under another name of the host', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  const [record] = await node.ledger.records({});
  const [holder] = record?.holders ?? [];
  assert.ok(holder);
  await node.ledger.confirm({ ...holder, node: 'former-name' });
  assert.equal(await node.garbageCollection.collect('net', [], signal), 1);
});
