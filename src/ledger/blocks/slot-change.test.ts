import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ip, poolOf } from '../contract/fixtures.ts';
import { Block } from './block.ts';
import { subnetLabel } from './labels.ts';
import { encodeFreed, encodeRecord, type RawSlot, unusedSlot } from './slot.ts';
import { fillOf, labelsOf, patchOf, type SlotChange, slotsOf } from './slot-change.ts';

const base = ip('10.0.0.0');
const pool = poolOf('p', ['10.0.0.1-10.0.0.2']);
const holder = { uid: 'u', sandbox: 's', node: 'n', pod: { namespace: 'a', name: 'b' } };
const taken = encodeRecord({
  address: ip('10.0.0.1'),
  pool: 'p',
  network: 'n',
  nic: 'eth0',
  sinceMs: 0,
  holders: [holder],
});
const freed = encodeFreed(taken, 1, false);

function blockOf(
  slots: Readonly<Record<number, RawSlot>>,
  labels: Readonly<Record<string, string>> = {},
): Block {
  const all = Array.from({ length: 64 }, (_, index) => slots[index] ?? unusedSlot);
  const block = Block.parse(
    { metadata: { name: 'v4-0a000000', resourceVersion: '7', labels }, spec: { slots: all } },
    () => assert.fail('every slot can be read'),
  );
  assert.ok(block);
  return block;
}

const take: SlotChange = {
  index: 1,
  kind: 'take',
  expected: unusedSlot,
  next: taken,
  labels: ['node.x/1'],
  pool,
};
const free: SlotChange = { index: 2, kind: 'free', expected: taken, next: freed, labels: [] };

void describe('patchOf()', () => {
  void it('patchOf() tests each slot before it replaces it, and sets all labels', () => {
    const operations = patchOf(blockOf({ 2: taken }), [take, free]);
    assert.deepEqual(operations.slice(0, 4), [
      { op: 'test', path: '/spec/slots/1', value: unusedSlot },
      { op: 'replace', path: '/spec/slots/1', value: taken },
      { op: 'test', path: '/spec/slots/2', value: taken },
      { op: 'replace', path: '/spec/slots/2', value: freed },
    ]);
    const labels = new Map(operations.slice(4).map(({ path, value }) => [path, value]));
    assert.equal(labels.get('/metadata/labels/node.x~11'), '');
    assert.equal(labels.get('/metadata/labels/ipam.spidernet.io~1block'), 'true');
    assert.ok(operations.slice(4).every(({ op }) => op === 'add'));
  });

  void it('labelsOf() says whether the pool’s addresses in the block are all taken', () => {
    const key = subnetLabel(pool.subnet);
    assert.equal(labelsOf(blockOf({}), [take])[key], 'open');
    assert.equal(labelsOf(blockOf({ 2: taken }), [take])[key], 'full');
    assert.equal(labelsOf(blockOf({ 2: freed }), [take])[key], 'open');
    assert.equal(labelsOf(blockOf({ 1: taken, 2: taken }, { [key]: 'full' }), [free])[key], 'open');
    assert.equal(fillOf(Block.missing(base), pool, []), 'open');
  });

  void it('slotsOf() makes a whole block', () => {
    const slots = slotsOf([take]);
    assert.equal(slots.length, 64);
    assert.equal(slots[1], taken);
    assert.ok(slots.every((slot, index) => index === 1 || slot === unusedSlot));
  });
});
