import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RangeIndex } from '../ip/range-index.ts';
import { RangeSet } from '../ip/range-set.ts';
import {
  type AddressRun,
  chooseAddress,
  isSuspectUsable,
  OLDEST_DRAWN,
  type RestingAddress,
  SUSPECT_REST_MS,
} from './choose.ts';

const NOW_MS = 1_700_000_000_000;

function runOf(parts: {
  readonly free?: readonly number[];
  readonly cooling?: readonly RestingAddress[];
  readonly suspect?: readonly RestingAddress[];
}): AddressRun {
  const free = RangeSet.of(
    4,
    (parts.free ?? []).map((address) => ({ start: address, end: address })),
  );
  return {
    family: 4,
    free: new RangeIndex(4, free),
    cooling: parts.cooling ?? [],
    suspect: parts.suspect ?? [],
  };
}

/** Resting addresses, oldest first, some of them of the future. */
const restingArb = (base: number): fc.Arbitrary<RestingAddress[]> =>
  fc
    .array(fc.integer({ min: -2 * SUSPECT_REST_MS, max: SUSPECT_REST_MS }), { maxLength: 2 * OLDEST_DRAWN })
    .map((ages) =>
      ages.toSorted((a, b) => a - b).map((age, i) => ({ address: base + i, freedMs: NOW_MS + age })),
    );

const casesArb = fc.record(
  {
    free: fc.uniqueArray(fc.nat(50), { maxLength: 8 }),
    cooling: restingArb(100),
    suspect: restingArb(200),
    start: fc.nat(60),
    draw: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  },
  { requiredKeys: ['free', 'cooling', 'suspect', 'draw'] },
);

function oldest(resting: readonly RestingAddress[]): unknown[] {
  return resting.slice(0, OLDEST_DRAWN).map(({ address }) => address);
}

describe('chooseAddress()', () => {
  it('chooseAddress() takes the lowest free address, or the next one from where it starts', () => {
    const run = runOf({ free: [5, 7, 9] });
    const options = { nowMs: NOW_MS, random: () => 0 };
    assert.deepEqual(chooseAddress(run, options), { address: 5, class: 'free' });
    assert.deepEqual(chooseAddress(run, { ...options, start: 6 }), { address: 7, class: 'free' });
    assert.deepEqual(chooseAddress(run, { ...options, start: 10 }), { address: 5, class: 'free' });
  });

  it('chooseAddress() finds nothing in an empty run', () => {
    assert.equal(chooseAddress(runOf({}), { nowMs: NOW_MS, random: () => 0.99 }), undefined);
  });

  it('chooseAddress() takes no suspect address that was freed in the future', () => {
    const run = runOf({ suspect: [{ address: 1, freedMs: NOW_MS + 10 * SUSPECT_REST_MS }] });
    assert.equal(chooseAddress(run, { nowMs: NOW_MS, random: () => 0 }), undefined);
  });

  it('chooseAddress() takes the best class that has an address, and one of its oldest', () => {
    fc.assert(
      fc.property(casesArb, ({ free, cooling, suspect, start, draw }) => {
        const options = { nowMs: NOW_MS, random: () => draw, ...(start !== undefined && { start }) };
        const choice = chooseAddress(runOf({ free, cooling, suspect }), options);
        const usable = suspect.filter(({ freedMs }) => isSuspectUsable(freedMs, NOW_MS));
        if (free.length > 0) {
          assert.equal(choice?.class, 'free');
          const sorted = free.toSorted((a, b) => a - b);
          assert.equal(choice.address, sorted.find((address) => address >= (start ?? 0)) ?? sorted[0]);
        } else if (cooling.length > 0) {
          assert.equal(choice?.class, 'cooling');
          assert.ok(oldest(cooling).includes(choice.address));
        } else if (usable.length > 0) {
          assert.equal(choice?.class, 'suspect');
          assert.ok(oldest(usable).includes(choice.address));
        } else {
          assert.equal(choice, undefined);
        }
      }),
    );
  });

  it('chooseAddress() can draw each of the oldest', () => {
    const cooling = Array.from({ length: OLDEST_DRAWN + 3 }, (_, i) => ({ address: i, freedMs: NOW_MS + i }));
    const drawn = Array.from(
      { length: OLDEST_DRAWN },
      (_, i) => chooseAddress(runOf({ cooling }), { nowMs: NOW_MS, random: () => i / OLDEST_DRAWN })?.address,
    );
    assert.deepEqual(
      drawn,
      Array.from({ length: OLDEST_DRAWN }, (_, i) => i),
    );
  });
});
