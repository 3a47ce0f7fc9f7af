import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Address, Family } from './address.ts';
import { maxAddress, offsetAddress } from './address.ts';
import { RangeIndex } from './range-index.ts';
import { RangeSet } from './range-set.ts';

type Operation = readonly [kind: 'insert' | 'delete' | 'look', position: number];

/** Where universes begin: both ends of each family and the middle, where 32 and 64 bits run over. */
const bases = (size: number): readonly (readonly [Family, Address])[] => [
  [4, 0],
  [4, 2 ** 31 - 7],
  [4, 2 ** 32 - size],
  [6, 0n],
  [6, 2n ** 64n - 7n],
  [6, 2n ** 128n - BigInt(size)],
];

function place(base: Address, position: number): Address {
  const address = offsetAddress(base, BigInt(position));
  assert.ok(address !== undefined);
  return address;
}

function rangesIn(model: ReadonlySet<number>): number {
  return [...model].filter((position) => !model.has(position - 1)).length;
}

function nextIn(model: ReadonlySet<number>, size: number, start: number): number | undefined {
  for (let i = 0; i < size; i++) if (model.has((start + i) % size)) return (start + i) % size;
  return undefined;
}

/** Plays operations on an index and a Set of positions, and compares every answer. */
function play(
  family: Family,
  base: Address,
  size: number,
  model: Set<number>,
  operations: readonly Operation[],
) {
  const single = (position: number) => ({ start: place(base, position), end: place(base, position) });
  const index = new RangeIndex(family, RangeSet.of(family, [...model].map(single)));
  for (const [kind, position] of operations) {
    const address = place(base, position);
    const had = model.has(position);
    if (kind === 'insert') {
      assert.equal(index.insert(address), !had);
      model.add(position);
    } else if (kind === 'delete') {
      assert.equal(index.delete(address), had);
      model.delete(position);
    } else {
      assert.equal(index.contains(address), had);
      const next = nextIn(model, size, position);
      assert.equal(index.nextFrom(address), next === undefined ? undefined : place(base, next));
    }
  }
  const lowest = nextIn(model, size, 0);
  assert.equal(index.first(), lowest === undefined ? undefined : place(base, lowest));
  assert.equal(index.size, BigInt(model.size));
  assert.equal(index.rangeCount, rangesIn(model));
  assert.ok(index.toRangeSet().equals(RangeSet.of(family, [...model].map(single))));
}

/** Positions 0 to size - 1 in an order that scatters them; the same for everybody. */
function scattered(size: number): number[] {
  const step = 7919; // prime, so it visits every position of a size that it does not divide
  return Array.from({ length: size }, (_, i) => (i * step) % size);
}

describe('RangeIndex against a Set', () => {
  const kinds = fc.constantFrom('insert', 'delete', 'look');

  test('RangeIndex answers random operations as a Set does, at the ends of both families', () => {
    const size = 20;
    fc.assert(
      fc.property(
        fc.constantFrom(...bases(size)),
        fc.uniqueArray(fc.nat(size - 1)),
        fc.array(fc.tuple(kinds, fc.nat(size - 1)), { maxLength: 100 }),
        ([family, base], initial, operations) => play(family, base, size, new Set(initial), operations),
      ),
      { numRuns: 300 },
    );
  });

  test('RangeIndex answers as a Set does while leaves split, empty and merge', () => {
    const size = 3001;
    const order = scattered(size);
    // Every other address: as many ranges as there can be, over many leaves; then each vanishes and comes back.
    const odd = order.filter((position) => position % 2 === 1);
    const operations: Operation[] = [
      ...odd.map((position) => ['delete', position] as const),
      ...order.slice(0, 200).map((position) => ['look', position] as const),
      ...order.filter((position) => position % 6 !== 1).map((position) => ['delete', position] as const),
      ...order.slice(0, 200).map((position) => ['look', position] as const),
      ...odd.map((position) => ['insert', position] as const),
      ...order.slice(0, 200).map((position) => ['look', position] as const),
      ...order.filter((position) => position % 10 !== 0).map((position) => ['insert', position] as const),
      ...order.slice(0, 200).map((position) => ['look', position] as const),
    ];
    for (const [family, base] of bases(size)) {
      play(family, base, size, new Set(order), operations);
      play(family, base, size, new Set(odd), operations);
      play(family, base, size, new Set(), operations);
    }
  });

  test('RangeIndex is empty again, and full again, after every address went in ascending order', () => {
    const size = 2000;
    const even = Array.from({ length: size / 2 }, (_, i) => i * 2);
    for (const [family, base] of bases(size)) {
      play(
        family,
        base,
        size,
        new Set(even),
        even.map((position) => ['delete', position] as const),
      );
      play(
        family,
        base,
        size,
        new Set(even),
        even.toReversed().map((position) => ['delete', position] as const),
      );
      play(
        family,
        base,
        size,
        new Set(),
        even.map((position) => ['insert', position] as const),
      );
      play(
        family,
        base,
        size,
        new Set(),
        even.toReversed().map((position) => ['insert', position] as const),
      );
    }
  });
});

describe('RangeIndex', () => {
  test('RangeIndex holds a whole family as one range', () => {
    for (const family of [4, 6] as const) {
      const zero = family === 4 ? 0 : 0n;
      const max = maxAddress(family);
      const index = new RangeIndex(family, RangeSet.of(family, [{ start: zero, end: max }]));
      assert.equal(index.rangeCount, 1);
      assert.equal(index.delete(zero), true);
      assert.equal(index.delete(max), true);
      assert.equal(index.nextFrom(max), place(zero, 1));
      assert.equal(index.size, BigInt(max) - 1n);
      assert.equal(index.insert(max), true);
      assert.equal(index.insert(zero), true);
      assert.equal(index.insert(zero), false);
      assert.equal(index.rangeCount, 1);
      assert.equal(index.size, BigInt(max) + 1n);
    }
  });

  test('RangeIndex takes 100,000 scattered addresses out of a /8 and of a /48 and back in', () => {
    for (const [family, base, span] of [
      [4, 0x0a000000, 2n ** 24n],
      [6, 0xfd00n << 112n, 2n ** 80n],
    ] as const) {
      const end = offsetAddress(base, span - 1n);
      assert.ok(end !== undefined);
      const whole = RangeSet.of(family, [{ start: base, end }]);
      const index = new RangeIndex(family, whole);
      const taken = scattered(100_000).map((position) => place(base, position * 150));
      for (const address of taken) assert.ok(index.delete(address));
      assert.equal(index.size, span - 100_000n);
      assert.equal(index.rangeCount, 100_000);
      assert.equal(index.nextFrom(base), place(base, 1));
      assert.equal(index.contains(place(base, 150)), false);
      assert.ok(whole.covers(index.toRangeSet()));
      for (const address of taken) assert.ok(index.insert(address));
      assert.ok(index.toRangeSet().equals(whole));
    }
  });

  test('RangeIndex without an initial set is empty', () => {
    const index = new RangeIndex(6);
    assert.equal(index.size, 0n);
    assert.equal(index.rangeCount, 0);
    assert.equal(index.first(), undefined);
    assert.equal(index.nextFrom(1n), undefined);
    assert.equal(index.contains(1n), false);
    assert.equal(index.delete(1n), false);
    assert.equal(index.toRangeSet().isEmpty, true);
  });

  test('RangeIndex does not change with the set it was made from, nor a set made from it', () => {
    const initial = RangeSet.of(4, [{ start: 10, end: 20 }]);
    const index = new RangeIndex(4, initial);
    index.delete(15);
    const snapshot = index.toRangeSet();
    index.delete(16);
    assert.deepEqual(initial.ranges, [{ start: 10, end: 20 }]);
    assert.deepEqual(snapshot.ranges, [
      { start: 10, end: 14 },
      { start: 16, end: 20 },
    ]);
  });

  test('RangeIndex keeps the families apart and refuses what is no address', () => {
    const index = new RangeIndex(4, RangeSet.of(4, [{ start: 0, end: 9 }]));
    assert.equal(index.contains(1n), false);
    assert.equal(index.delete(1n), false);
    assert.throws(() => index.nextFrom(1n), TypeError);
    assert.throws(() => index.insert(11n), RangeError);
    assert.throws(() => index.insert(-1), RangeError);
    assert.throws(() => index.insert(2 ** 32), RangeError);
    assert.throws(() => index.insert(11.5), RangeError);
    assert.throws(() => new RangeIndex(6).insert(2n ** 128n), RangeError);
    assert.throws(() => new RangeIndex(6, RangeSet.empty(4)), TypeError);
    assert.equal(index.size, 10n);
  });
});
