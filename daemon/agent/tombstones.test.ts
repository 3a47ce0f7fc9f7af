import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { addRequest, createTestNode } from './testing/test-node.ts';

const { signal } = new AbortController();

test('Tombstones.replay() releases what the tombstones name, and removes them', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  await node.attachments.add(addRequest('c2'), signal);
  await node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  const left = await node.ledger.records({});
  assert.deepEqual(
    left.map(({ holders }) => holders[0]?.sandbox),
    ['c2'],
  );
  assert.deepEqual(await node.files.list(), []);
});

test('Tombstones.settle() does the waiting DEL of a container id before its next ADD', async () => {
  await using node = await createTestNode('10.6.0.1');
  const [first] = await node.attachments.add(addRequest('c1'), signal);
  await node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  const [second] = await node.attachments.add(addRequest('c1'), signal);
  assert.equal(second?.address, first?.address);
  // Had the tombstone stayed, it would now free what the second ADD got.
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.equal((await node.ledger.records({})).length, 1);
});

test('Tombstones.settle() waits for a tombstone that is being written, so that it never undoes the next ADD', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  const writing = node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  await node.attachments.add(addRequest('c1'), signal);
  await writing;
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.equal((await node.ledger.records({})).length, 1);
});

test('Tombstones.discard() waits for a tombstone that is being written', async () => {
  await using node = await createTestNode();
  const writing = node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  await node.tombstones.discard({ sandbox: 'c1', nic: 'eth0' });
  await writing;
  assert.deepEqual(await node.files.list(), []);
});

test('Tombstones.write() twice for one attachment is one tombstone', async () => {
  await using node = await createTestNode();
  for (let time = 0; time < 2; time += 1)
    await node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  assert.equal((await node.files.list()).length, 1);
});

test('Tombstones.replay() puts a damaged file aside and does the others', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  await node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  const bad = `${'0'.repeat(64)}.json`;
  writeFileSync(join(node.files.folder, bad), '{"half');
  mkdirSync(join(node.files.folder, `${'1'.repeat(64)}.json`));
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.deepEqual(await node.ledger.records({}), []);
  assert.deepEqual(readdirSync(node.files.folder).toSorted(), [
    `${bad}.damaged`,
    `${'1'.repeat(64)}.json.damaged`,
  ]);
});

test('Tombstones.write() keeps a DEL in memory when no file can be written, and replays it', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  rmSync(node.files.folder, { recursive: true });
  await node.tombstones.write({ sandbox: 'c1', nic: 'eth0', pod: {} });
  mkdirSync(node.files.folder);
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.deepEqual(await node.ledger.records({}), []);
});

test('Releases.del() leaves a tombstone when the store is locked, and the DEL is done later', async () => {
  await using node = await createTestNode();
  await node.attachments.add(addRequest('c1'), signal);
  const other = new DatabaseSync(join(node.folder, 'ledger.db'));
  other.exec('BEGIN IMMEDIATE');
  await node.releases.del({ sandbox: 'c1', nic: 'eth0', pod: {} });
  assert.equal((await node.files.list()).length, 1);
  other.exec('ROLLBACK');
  other.close();
  // The lock of the attachment is free once the slow release has ended one way or the other.
  await node.mutex.run('c1\0eth0', undefined, () => Promise.resolve());
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.deepEqual(await node.ledger.records({}), []);
});

test('Releases.del() leaves a tombstone when there is no ledger, and an ADD says to try again later', async () => {
  await using node = await createTestNode();
  node.slot.close('the store is away');
  await node.releases.del({ sandbox: 'c1', nic: 'eth0', pod: {} });
  assert.equal((await node.files.list()).length, 1);
  await assert.rejects(node.attachments.add(addRequest('c1'), signal), {
    code: 11,
    message: 'the store is away',
  });
});

test('TombstoneFiles.prepare() removes old drafts of killed writers, and nothing else', async () => {
  await using node = await createTestNode();
  const [old, young] = [`.${'a'.repeat(64)}.json.1`, `.${'b'.repeat(64)}.json.2`];
  for (const name of [old, young, 'other']) writeFileSync(join(node.files.folder, name), '');
  utimesSync(join(node.files.folder, old), 1, 1);
  await node.files.prepare();
  assert.deepEqual(readdirSync(node.files.folder).toSorted(), [young, 'other'].toSorted());
});

test('Tombstones.replay() finds another name for a damaged file whose own is taken by a folder', async () => {
  await using node = await createTestNode();
  const bad = join(node.files.folder, `${'1'.repeat(64)}.json`);
  mkdirSync(bad);
  mkdirSync(join(`${bad}.damaged`, 'full'), { recursive: true });
  assert.equal(await node.tombstones.replay(node.ledger), 0);
  assert.deepEqual(await node.files.list(), []);
});
