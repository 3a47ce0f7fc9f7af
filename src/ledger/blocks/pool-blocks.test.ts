import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../../ip/address.ts';
import { RangeSet } from '../../ip/range-set.ts';
import { poolOf } from '../contract/fixtures.ts';
import { blockBase } from './block-name.ts';
import { PoolBlocks } from './pool-blocks.ts';

const rangesArb = fc.array(
  fc
    .tuple(fc.nat(2000), fc.nat(200))
    .map(([start, more]) => ({ start: 1_000_000 + start, end: 1_000_000 + start + more })),
  { minLength: 1, maxLength: 6 },
);

function basesOf(eligible: RangeSet): number[] {
  const bases = new Set<number>();
  for (let n = 0n; n < eligible.size; n++) {
    const address = eligible.nth(n);
    if (typeof address === 'number') bases.add(Number(blockBase(address)));
  }
  return [...bases].toSorted((a, b) => a - b);
}

void describe('PoolBlocks', () => {
  void it('PoolBlocks has each block that an address lies in, once and in order', () => {
    fc.assert(
      fc.property(rangesArb, fc.double({ min: 0, max: 0.999, noNaN: true }), (ranges, place) => {
        const eligible = RangeSet.of(4, ranges);
        const blocks = new PoolBlocks(eligible);
        const bases = basesOf(eligible);
        assert.equal(blocks.count, BigInt(bases.length));
        for (const [n, base] of bases.entries()) {
          assert.equal(blocks.nth(BigInt(n)), base);
          assert.equal(blocks.indexOf(base), BigInt(n));
        }
        const start = blocks.startOf(place);
        const ring: Address[] = [...blocks.ring(start)];
        assert.deepEqual(ring, [...bases.slice(Number(start)), ...bases.slice(0, Number(start))]);
        for (const [steps, base] of ring.entries())
          assert.equal(blocks.stepsFrom(start, base), BigInt(steps));
        assert.equal(blocks.indexOf(0), undefined);
      }),
    );
  });

  void it('PoolBlocks of a /64 is not enumerated', () => {
    const blocks = new PoolBlocks(poolOf('six', ['fd00::-fd00::ffff:ffff:ffff:ffff']).eligible);
    assert.equal(blocks.count, 2n ** 58n);
    const start = blocks.startOf(0.75);
    assert.equal(start, 3n * 2n ** 56n);
    const [first, second] = blocks.ring(start);
    assert.ok(typeof first === 'bigint' && typeof second === 'bigint' && second - first === 64n);
    assert.ok(blocks.startOf(1 - 2 ** -53) < blocks.count);
  });

  void it('PoolBlocks of nothing is empty', () => {
    const blocks = new PoolBlocks(RangeSet.empty(4));
    assert.equal(blocks.count, 0n);
    assert.deepEqual([...blocks.ring(blocks.startOf(0.5))], []);
  });
});
