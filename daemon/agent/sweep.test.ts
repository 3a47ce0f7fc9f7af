import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { attachmentKey } from './attachment.ts';
import { observeNamespace, readBootId } from './netns.ts';
import { addRequest, createTestNode, type TestNode } from './testing/test-node.ts';

const { signal } = new AbortController();
const boot = readBootId();

/** A file that stands for a namespace; the sweep looks at device and inode only. */
function makeNamespace(node: TestNode, name: string): string {
  const folder = join(node.folder, 'netns');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, '');
  return path;
}

async function sandboxes(node: TestNode): Promise<(string | undefined)[]> {
  return (await node.ledger.records({})).map(({ holders }) => holders[0]?.sandbox);
}

test('Sweep.once() frees a record whose namespace is gone by two readings 10 s apart, and no other', async (t) => {
  await using node = await createTestNode();
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const [gone, kept] = [makeNamespace(node, 'gone'), makeNamespace(node, 'kept')];
  await node.attachments.add(addRequest('c1', { netns: observeNamespace(gone, boot) }), signal);
  await node.attachments.add(addRequest('c2', { netns: observeNamespace(kept, boot) }), signal);
  await node.attachments.add(addRequest('c3', { netns: observeNamespace('/nowhere/ns', boot) }), signal);
  rmSync(gone);
  assert.deepEqual(await node.sweep.once(), { examined: 3, suspected: 1, freed: [] });
  nowMs = 9_999;
  assert.deepEqual((await node.sweep.once()).freed, []);
  nowMs = 10_000;
  assert.deepEqual((await node.sweep.once()).freed, ['10.6.0.1']);
  assert.deepEqual(await sandboxes(node), ['c2', 'c3']);
});

test('Sweep.once() leaves a container alone that was started again, under the same id, after its record was read', async (t) => {
  await using node = await createTestNode();
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const [old, fresh] = [makeNamespace(node, 'old'), makeNamespace(node, 'fresh')];
  await node.attachments.add(addRequest('c1', { netns: observeNamespace(old, boot) }), signal);
  rmSync(old);
  await node.sweep.once();
  nowMs = 11_000;
  // An ADD of the same container holds the attachment while the sweep reads its record.
  const { promise: swept, resolve: goOn } = Promise.withResolvers<void>();
  const adding = node.mutex.run(attachmentKey({ sandbox: 'c1', nic: 'eth0' }), undefined, async () => {
    await swept;
    const [record] = await node.ledger.records({});
    const [holder] = record?.holders ?? [];
    assert.ok(holder);
    await node.ledger.confirm({ ...holder, netns: observeNamespace(fresh, boot) });
  });
  const sweeping = node.sweep.once();
  await new Promise((resolve) => setImmediate(resolve));
  goOn();
  await adding;
  assert.deepEqual((await sweeping).freed, []);
  assert.deepEqual(await sandboxes(node), ['c1']);
});

test('Sweep.once() takes no reading of a former namespace for one of the present', async (t) => {
  await using node = await createTestNode();
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  for (const name of ['first', 'second']) {
    const path = makeNamespace(node, name);
    await node.attachments.add(addRequest('c1', { netns: observeNamespace(path, boot) }), signal);
    rmSync(path);
    assert.deepEqual((await node.sweep.once()).freed, []);
    nowMs += 11_000;
  }
  assert.deepEqual((await node.sweep.once()).freed, ['10.6.0.1']);
});

test('Sweep.once() frees records that were made under another name of the host', async (t) => {
  await using node = await createTestNode();
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const path = makeNamespace(node, 'ns');
  await node.attachments.add(addRequest('c1', { netns: observeNamespace(path, boot) }), signal);
  const [record] = await node.ledger.records({});
  const [holder] = record?.holders ?? [];
  assert.ok(holder);
  await node.ledger.confirm({ ...holder, node: 'former-name' });
  rmSync(path);
  await node.sweep.once();
  nowMs = 11_000;
  assert.deepEqual((await node.sweep.once()).freed, ['10.6.0.1']);
});

test('Sweep.once() frees many leaks in few commits', async (t) => {
  await using node = await createTestNode('10.6.0.1-10.6.3.232');
  let nowMs = 0;
  t.mock.method(performance, 'now', () => nowMs);
  const path = makeNamespace(node, 'ns');
  const netns = observeNamespace(path, boot);
  const containers = Array.from({ length: 1000 }, (_, index) => `c${index}`);
  await Promise.all(
    containers.map((sandbox) => node.attachments.add(addRequest(sandbox, { netns }), signal)),
  );
  rmSync(path);
  await node.sweep.once();
  nowMs = 11_000;
  assert.equal((await node.sweep.once()).freed.length, 1000);
  assert.deepEqual(await node.ledger.records({}), []);
});
