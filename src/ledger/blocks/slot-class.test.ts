import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../../ip/address.ts';
import { chooseAddress } from '../../ipam/choose.ts';
import { poolOf } from '../contract/fixtures.ts';
import { Block } from './block.ts';
import { SLOTS, slotAddress } from './block-name.ts';
import { encodeFreed, encodeRecord, type RawSlot, unusedSlot } from './slot.ts';
import { classOf, freeRun, PoolReading } from './slot-class.ts';

const NOW_MS = 1_000_000_000;
const pool = poolOf('p', ['10.0.0.3-10.0.0.40', '10.0.0.44-10.0.0.140']);
const holder = { uid: 'u', sandbox: 's', node: 'n', pod: { namespace: 'a', name: 'b' } };

type Kind =
  | 'unused'
  | 'taken'
  | 'foreign'
  | 'unreadable'
  | { readonly agoMs: number; readonly suspect: boolean };
const kindArb: fc.Arbitrary<Kind> = fc.oneof(
  fc.constantFrom<Kind>('unused', 'taken', 'foreign', 'unreadable'),
  fc.record({ agoMs: fc.integer({ min: -60_000, max: 1_300_000 }), suspect: fc.boolean() }),
);

function rawOf(address: Address, kind: Kind): RawSlot {
  if (kind === 'unused') return unusedSlot;
  if (kind === 'unreadable') return { what: 'ever' };
  const of = kind === 'foreign' ? 'other' : 'p';
  const record = encodeRecord({
    address,
    pool: of,
    network: 'n',
    nic: 'eth0',
    sinceMs: 0,
    holders: [holder],
  });
  return typeof kind === 'string' ? record : encodeFreed(record, NOW_MS - kind.agoMs, kind.suspect);
}

const blockArb = fc
  .tuple(fc.constantFrom(0, 64, 128), fc.array(kindArb, { minLength: SLOTS, maxLength: SLOTS }))
  .map(([offset, kinds]) => {
    const base = 0x0a000000 + offset;
    const slots = kinds.map((kind, index) => rawOf(slotAddress(base, index), kind));
    const name = `v4-${base.toString(16).padStart(8, '0')}`;
    const block = Block.parse({ metadata: { name, resourceVersion: '1' }, spec: { slots } }, () => undefined);
    assert.ok(block);
    return { block, kinds };
  });

void describe('classOf()', () => {
  void it('classOf() gives what rests too short to nobody before its time', () => {
    fc.assert(
      fc.property(blockArb, fc.nat(SLOTS - 1), ({ block, kinds }, index) => {
        const kind = kinds[index] ?? 'unused';
        const ofClass = classOf(block.slot(index), pool, NOW_MS);
        if (kind === 'unused') assert.equal(ofClass, 'free');
        else if (typeof kind === 'string') assert.equal(ofClass, 'taken');
        else if (kind.suspect) assert.equal(ofClass, kind.agoMs >= 600_000 ? 'free' : 'suspect');
        else assert.equal(ofClass, kind.agoMs >= 30_000 ? 'free' : 'cooling');
      }),
    );
  });
});

void describe('freeRun()', () => {
  void it('freeRun() offers exactly the free addresses of the pool that nobody is busy with', () => {
    fc.assert(
      fc.property(
        blockArb,
        fc.uniqueArray(fc.nat(SLOTS - 1)),
        fc.nat(SLOTS - 1),
        ({ block }, busy, start) => {
          const free = Array.from({ length: SLOTS }, (_, index) => index)
            .filter((index) => !busy.includes(index) && classOf(block.slot(index), pool, NOW_MS) === 'free')
            .map((index) => slotAddress(block.base, index))
            .filter((address) => pool.eligible.contains(address));
          const run = freeRun(block, pool, NOW_MS, (index) => busy.includes(index));
          assert.equal(run?.free.first(), free[0]);
          const from = slotAddress(block.base, start);
          assert.equal(run?.free.nextFrom(from), free.find((address) => address >= from) ?? free[0]);
        },
      ),
    );
  });
});

void describe('PoolReading', () => {
  void it('PoolReading counts every eligible address once, and what its blocks do not show as free', () => {
    const blocksArb = fc.uniqueArray(blockArb, { selector: ({ block }) => block.name, maxLength: 3 });
    fc.assert(
      fc.property(blocksArb, (found) => {
        const reading = new PoolReading(pool, NOW_MS);
        for (const { block } of found) reading.add(block);
        const state = reading.state();
        let [taken, allocated] = [0, 0];
        for (const { block, kinds } of found) {
          for (const [index, kind] of kinds.entries()) {
            if (kind === 'taken') allocated++;
            const isTaken = typeof kind === 'string' && kind !== 'unused';
            if (isTaken && pool.eligible.contains(slotAddress(block.base, index))) taken++;
          }
        }
        const usage = state.usage();
        assert.equal(usage.free + BigInt(usage.cooling + usage.suspect + taken), pool.eligible.size);
        assert.equal(usage.allocated, allocated);
        const choice = chooseAddress(state.run(new Set()), { nowMs: NOW_MS, random: () => 0 });
        assert.equal(choice?.class === 'free', usage.free > 0n);
        const freed = [...state.run(new Set()).cooling].map((resting) => resting.freedMs);
        assert.deepEqual(
          freed,
          freed.toSorted((a, b) => a - b),
          'oldest first',
        );
      }),
    );
  });
});
