import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Block } from '../ledger/blocks/block.ts';
import { blockName, SLOTS } from '../ledger/blocks/block-name.ts';
import { encodeFreed, encodeRecord, type RawSlot, unusedSlot } from '../ledger/blocks/slot.ts';
import { holderOf, ip, START_MS } from '../ledger/contract/fixtures.ts';
import { MARK_LIFE_MS } from '../ledger/pool-state.ts';
import { ForgottenBlocks } from './forgotten-blocks.ts';

const record = encodeRecord({
  address: ip('10.6.0.1'),
  pool: 'p',
  network: 'n',
  nic: 'eth0',
  sinceMs: 0,
  holders: [holderOf('a')],
});

function blockWith(...used: readonly RawSlot[]): Block {
  const slots = Array.from({ length: SLOTS }, (_, index) => used[index] ?? unusedSlot);
  const metadata = { name: blockName(ip('10.6.0.0')), resourceVersion: '1' };
  return Block.parse({ metadata, spec: { slots } }, () => undefined) ?? assert.fail('no block');
}

/** Whether a block is forgotten at first sight. */
function isForgotten(block: Block, nowMs: number, reuseDelayMs = 0): boolean {
  return new ForgottenBlocks().find([block], () => reuseDelayMs, nowMs).length === 1;
}

const freedAgo = (agoMs: number): RawSlot => encodeFreed(record, START_MS - agoMs, false);

describe('ForgottenBlocks', () => {
  test('ForgottenBlocks.find() finds blocks whose newest mark is old enough', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 * MARK_LIFE_MS }), { maxLength: SLOTS }),
        fc.constantFrom(0, 30_000, MARK_LIFE_MS + 60_000),
        (agos, delayMs) => {
          const block = blockWith(...agos.map(freedAgo));
          const isOld = agos.every((agoMs) => agoMs >= Math.max(MARK_LIFE_MS, delayMs));
          assert.equal(isForgotten(block, START_MS, delayMs), isOld);
        },
      ),
    );
  });

  test('ForgottenBlocks.find() never finds a block with a record or with what can not be read', () => {
    for (const slot of [record, { what: 'ever' }]) {
      assert.equal(isForgotten(blockWith(freedAgo(2 * MARK_LIFE_MS), slot), START_MS), false);
    }
  });

  test('ForgottenBlocks.find() counts a mark of a wrong clock from when it saw it first', () => {
    const blocks = new ForgottenBlocks();
    const block = blockWith(freedAgo(-24 * 3_600_000));
    const found = (nowMs: number): number => blocks.find([block], () => 0, nowMs).length;
    assert.equal(found(START_MS), 0);
    assert.equal(found(START_MS + MARK_LIFE_MS - 1), 0);
    assert.equal(found(START_MS + MARK_LIFE_MS), 1);
  });
});
