import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Address, Family } from './address.ts';
import { maxAddress, nextAddress, offsetAddress, parseAddress } from './address.ts';
import type { AddressRange } from './address-range.ts';
import { cidrRange, parseCidr } from './cidr.ts';
import { parseRange } from './range.ts';
import { mergeRangeTexts, RangeSet } from './range-set.ts';

const universeSize = 24;

/** A few consecutive addresses: naive sets of them are the model. */
interface Universe {
  readonly family: Family;
  readonly members: readonly Address[];
}

/** At both ends of each family and across a border of bytes, where arithmetic goes wrong. */
const universes: readonly Universe[] = [
  universeAt(4, 0),
  universeAt(4, 2 ** 31 - 12),
  universeAt(4, 2 ** 32 - universeSize),
  universeAt(6, 0n),
  universeAt(6, 2n ** 64n - 12n),
  universeAt(6, 2n ** 128n - BigInt(universeSize)),
];

function universeAt(family: Family, base: Address): Universe {
  const members = Array.from({ length: universeSize }, (_, i) => {
    const member = offsetAddress(base, BigInt(i));
    assert.ok(member !== undefined);
    return member;
  });
  return { family, members };
}

function set(family: Family, ...texts: string[]): RangeSet {
  return RangeSet.of(
    family,
    texts.map((text) => range(family, text)),
  );
}

function range(family: Family, text: string): AddressRange {
  const cidr = parseCidr(text);
  if (cidr !== undefined) return cidrRange(cidr);
  const parsed = parseRange(family, text);
  assert.ok(parsed.ok, text);
  return parsed.range;
}

/** The positions of a set's members in the universe, found by asking for each. */
function positions({ members }: Universe, ranges: RangeSet): number[] {
  return members.flatMap((member, i) => (ranges.contains(member) ? [i] : []));
}

function requireCanonical(ranges: RangeSet): void {
  for (const [i, { start, end }] of ranges.ranges.entries()) {
    assert.ok(start <= end);
    const next = ranges.ranges[i + 1];
    if (next === undefined) continue;
    const afterEnd = nextAddress(end);
    assert.ok(afterEnd !== undefined && afterEnd < next.start);
  }
}

const spans = fc.array(fc.tuple(fc.nat(universeSize - 1), fc.nat(5)), { maxLength: 8 });

/** A universe, ranges in it in any order, overlapping and repeated, and the positions that they cover. */
function build({ family, members }: Universe, pairs: readonly (readonly [number, number])[]) {
  const ranges: AddressRange[] = [];
  const model = new Set<number>();
  for (const [from, length] of pairs) {
    const to = Math.min(from + length, members.length - 1);
    const [start, end] = [members[from], members[to]];
    assert.ok(start !== undefined && end !== undefined);
    ranges.push({ start, end });
    for (let i = from; i <= to; i++) model.add(i);
  }
  return { ranges: RangeSet.of(family, ranges), model };
}

function ascending(model: Set<number>): number[] {
  return [...model].sort((x, y) => x - y);
}

const twoSets = fc.tuple(fc.constantFrom(...universes), spans, spans).map(([universe, one, other]) => ({
  universe,
  a: build(universe, one),
  b: build(universe, other),
}));

describe('RangeSet against sets of single addresses', () => {
  test('RangeSet.union(), subtract() and intersect() do what the model does and keep the canonical form', () => {
    fc.assert(
      fc.property(twoSets, ({ universe, a, b }) => {
        for (const [ranges, model] of [
          [a.ranges, a.model],
          [a.ranges.union(b.ranges), new Set([...a.model, ...b.model])],
          [a.ranges.subtract(b.ranges), new Set([...a.model].filter((i) => !b.model.has(i)))],
          [a.ranges.intersect(b.ranges), new Set([...a.model].filter((i) => b.model.has(i)))],
        ] as const) {
          requireCanonical(ranges);
          assert.deepEqual(positions(universe, ranges), ascending(model));
          assert.equal(ranges.size, BigInt(model.size));
          assert.equal(ranges.isEmpty, model.size === 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('RangeSet.covers(), intersects() and equals() do what the model does', () => {
    fc.assert(
      fc.property(twoSets, ({ a, b }) => {
        assert.equal(
          a.ranges.covers(b.ranges),
          [...b.model].every((i) => a.model.has(i)),
        );
        assert.equal(
          a.ranges.intersects(b.ranges),
          [...a.model].some((i) => b.model.has(i)),
        );
        assert.equal(a.ranges.equals(b.ranges), ascending(a.model).join() === ascending(b.model).join());
        assert.ok(a.ranges.union(b.ranges).covers(a.ranges));
        assert.ok(a.ranges.subtract(b.ranges).union(a.ranges.intersect(b.ranges)).equals(a.ranges));
      }),
      { numRuns: 500 },
    );
  });

  test('RangeSet.nth(), indexOf(), first(), last() and nextFrom() do what the model does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...universes), spans, (universe, pairs) => {
        const { ranges, model } = build(universe, pairs);
        const sorted = ascending(model).map((i) => universe.members[i]);
        assert.equal(ranges.first(), sorted[0]);
        assert.equal(ranges.last(), sorted.at(-1));
        assert.equal(ranges.nth(-1n), undefined);
        assert.equal(ranges.nth(BigInt(sorted.length)), undefined);
        for (const [i, member] of sorted.entries()) assert.equal(ranges.nth(BigInt(i)), member);
        for (const [i, start] of universe.members.entries()) {
          const index = sorted.indexOf(start);
          assert.equal(ranges.indexOf(start), index < 0 ? undefined : BigInt(index));
          const next = ascending(model).find((j) => j >= i);
          assert.equal(ranges.nextFrom(start), next === undefined ? sorted[0] : universe.members[next]);
        }
      }),
    );
  });
});

describe('RangeSet', () => {
  test('RangeSet.of() joins what overlaps, touches and repeats', () => {
    const joined = set(4, '10.0.0.7', '10.0.0.1-10.0.0.3', '10.0.0.4', '10.0.0.2-10.0.0.3', '10.0.0.7');
    assert.deepEqual(joined.toStrings(), ['10.0.0.1-10.0.0.4', '10.0.0.7']);
  });

  test('RangeSet.of() refuses ranges that are none', () => {
    assert.throws(() => RangeSet.of(4, [{ start: 2, end: 1 }]), RangeError);
    assert.throws(() => RangeSet.of(4, [{ start: 1n, end: 2n }]), RangeError);
    assert.throws(() => RangeSet.of(4, [{ start: 0, end: 2 ** 32 }]), RangeError);
    assert.throws(() => RangeSet.of(6, [{ start: 0n, end: 2n ** 128n }]), RangeError);
    assert.throws(() => RangeSet.of(6, [{ start: 1, end: 2 }]), RangeError);
  });

  test('RangeSet counts addresses that begin with zero bytes', () => {
    const low = set(6, '::1-::5');
    assert.equal(low.size, 5n);
    assert.deepEqual(low.subtract(set(6, '::3')).toStrings(), ['::1-::2', '::4-::5']);
    const translated = set(6, '64:ff9b::1-64:ff9b::5');
    assert.equal(translated.size, 5n);
    assert.equal(translated.nth(4n), parseAddress('64:ff9b::5'));
  });

  test('RangeSet handles sets of any size without walking through them', () => {
    const everything = set(6, '::/0');
    assert.equal(everything.size, 2n ** 128n);
    assert.equal(everything.nth(2n ** 127n), 2n ** 127n);
    assert.equal(everything.indexOf(2n ** 128n - 1n), 2n ** 128n - 1n);
    assert.equal(everything.subtract(everything).isEmpty, true);
    const site = set(6, 'fd00::/48').subtract(set(6, 'fd00::/64', 'fd00:0:0:ffff::/64'));
    assert.equal(site.size, 2n ** 80n - 2n ** 65n);
    assert.equal(set(4, '10.0.0.0/8').subtract(set(4, '10.1.2.3')).size, 2n ** 24n - 1n);
    assert.equal(set(4, '0.0.0.0/0').size, 2n ** 32n);
  });

  test('RangeSet takes 100,000 scattered addresses in any order', () => {
    const singles = Array.from({ length: 100_000 }, (_, i) => ((i * 7919) % 100_000) * 2 + 0x0a000000);
    const scattered = RangeSet.of(
      4,
      singles.map((address) => ({ start: address, end: address })),
    );
    assert.equal(scattered.size, 100_000n);
    assert.equal(scattered.ranges.length, 100_000);
    assert.equal(scattered.nth(99_999n), 0x0a000000 + 199_998);
    assert.equal(set(4, '10.0.0.0/8').subtract(scattered).size, 2n ** 24n - 100_000n);
  });

  test('RangeSet.empty() has no members and is covered by every set', () => {
    const empty = RangeSet.empty(4);
    assert.equal(empty.isEmpty, true);
    assert.equal(empty.size, 0n);
    assert.equal(empty.first(), undefined);
    assert.equal(empty.last(), undefined);
    assert.equal(empty.nextFrom(5), undefined);
    assert.equal(empty.nth(0n), undefined);
    assert.equal(set(4, '10.0.0.1').covers(empty), true);
    assert.deepEqual(empty.toStrings(), []);
  });

  test('RangeSet keeps the families apart', () => {
    const [four, six] = [set(4, '0.0.0.0/0'), set(6, '::/0')];
    assert.equal(four.contains(1n), false);
    assert.equal(six.contains(1), false);
    assert.equal(six.indexOf(1), undefined);
    assert.equal(four.equals(six), false);
    assert.equal(RangeSet.empty(4).equals(RangeSet.empty(6)), false);
    assert.throws(() => four.nextFrom(1n), TypeError);
    assert.throws(() => four.union(six), TypeError);
    assert.throws(() => four.subtract(six), TypeError);
    assert.throws(() => four.intersect(six), TypeError);
    assert.throws(() => four.covers(six), TypeError);
    assert.throws(() => four.intersects(six), TypeError);
  });

  test('RangeSet.nextFrom() wraps round from behind the last member', () => {
    const ranges = set(4, '10.0.0.5-10.0.0.6', '10.0.0.9');
    assert.equal(ranges.nextFrom(maxAddress(4)), parseAddress('10.0.0.5'));
    assert.equal(ranges.nextFrom(0), parseAddress('10.0.0.5'));
  });
});

describe('mergeRangeTexts', () => {
  test('mergeRangeTexts sorts, joins and prints canonical texts', () => {
    const texts = ['FD00::3', 'fd00::1-fd00::2', 'fd00::9', 'fd00:0::9'];
    assert.deepEqual(mergeRangeTexts(6, texts), ['fd00::1-fd00::3', 'fd00::9']);
  });

  test('mergeRangeTexts leaves a list of one or none as it is', () => {
    assert.deepEqual(mergeRangeTexts(6, ['FD00::3-FD00::3']), ['FD00::3-FD00::3']);
    assert.deepEqual(mergeRangeTexts(4, []), []);
  });

  test('mergeRangeTexts is undefined when an entry is no range of the family', () => {
    assert.equal(mergeRangeTexts(4, ['10.0.0.1', '10.0.0.3-10.0.0.2']), undefined);
    assert.equal(mergeRangeTexts(4, ['10.0.0.1', 'fd00::1']), undefined);
  });
});
