import type { Address, Family } from './address.ts';
import { compareAddresses, distance, familyOf, isAddressOf, offsetAddress } from './address.ts';
import type { AddressRange } from './address-range.ts';
import { formatRange, parseRange } from './range.ts';
import {
  coalesce,
  interleave,
  intersectRanges,
  rangesCover,
  rangesIntersect,
  subtractRanges,
} from './range-algebra.ts';

/**
 * An immutable set of addresses of one family, kept as sorted, disjoint, non-adjacent ranges, so two equal sets have
 * equal ranges. Nothing here enumerates addresses: operations on two sets take O(n + m) and look-ups O(log n) in the
 * number of ranges. Operations on two sets throw a TypeError when the families differ.
 */
export class RangeSet {
  readonly family: Family;
  /** Ascending. */
  readonly ranges: readonly AddressRange[];
  /** For each range the number of members before it, and at the end the size; made when first asked for. */
  #ranks: readonly bigint[] | undefined;

  /** The caller vouches that the ranges are of the family, sorted, disjoint and non-adjacent. */
  private constructor(family: Family, ranges: readonly AddressRange[]) {
    this.family = family;
    this.ranges = ranges;
  }

  /** The set without members. */
  static empty(family: Family): RangeSet {
    return new RangeSet(family, []);
  }

  /**
   * The set of all addresses in these ranges, which may come in any order, overlap and repeat.
   * @throws {RangeError} when a range ends before it starts or an end is no address of the family
   */
  static of(family: Family, ranges: Iterable<AddressRange>): RangeSet {
    const sorted = [...ranges];
    let inOrder = true;
    let previous: AddressRange | undefined;
    for (const range of sorted) {
      if (!isAddressOf(family, range.start) || !isAddressOf(family, range.end) || range.start > range.end) {
        throw new RangeError(`not a range of IPv${family} addresses: ${range.start} to ${range.end}`);
      }
      if (previous !== undefined && previous.start > range.start) inOrder = false;
      previous = range;
    }
    if (!inOrder) sorted.sort((a, b) => compareAddresses(a.start, b.start));
    return new RangeSet(family, coalesce(sorted));
  }

  /** The number of members, exact. */
  get size(): bigint {
    return this.#rank(this.ranges.length);
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  union(other: RangeSet): RangeSet {
    this.#requireSameFamily(other);
    return new RangeSet(this.family, coalesce(interleave(this.ranges, other.ranges)));
  }

  /** The members that are not in `other`. */
  subtract(other: RangeSet): RangeSet {
    this.#requireSameFamily(other);
    return new RangeSet(this.family, subtractRanges(this.ranges, other.ranges));
  }

  intersect(other: RangeSet): RangeSet {
    this.#requireSameFamily(other);
    return new RangeSet(this.family, intersectRanges(this.ranges, other.ranges));
  }

  /** False for an address of the other family. */
  contains(address: Address): boolean {
    if (familyOf(address) !== this.family) return false;
    const range = this.ranges[this.#floor(address)];
    return range !== undefined && address <= range.end;
  }

  /** True when every member of `other` is a member. */
  covers(other: RangeSet): boolean {
    this.#requireSameFamily(other);
    return rangesCover(this.ranges, other.ranges);
  }

  /** True when the sets share a member. */
  intersects(other: RangeSet): boolean {
    this.#requireSameFamily(other);
    return rangesIntersect(this.ranges, other.ranges);
  }

  /** True for a set of the same family with the same members. */
  equals(other: RangeSet): boolean {
    if (this.family !== other.family || this.ranges.length !== other.ranges.length) return false;
    return this.ranges.every((range, i) => {
      const twin = other.ranges[i];
      return twin !== undefined && range.start === twin.start && range.end === twin.end;
    });
  }

  /** The member with `n` members before it; undefined when `n` is negative or not below the size. */
  nth(n: bigint): Address | undefined {
    if (n < 0n || n >= this.size) return undefined;
    let low = 0;
    let high = this.ranges.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#rank(middle) <= n) low = middle;
      else high = middle - 1;
    }
    const range = this.ranges[low];
    return range && offsetAddress(range.start, n - this.#rank(low));
  }

  /** How many members come before this one; undefined when it is no member. Undoes {@link nth}. */
  indexOf(address: Address): bigint | undefined {
    if (familyOf(address) !== this.family) return undefined;
    const i = this.#floor(address);
    const range = this.ranges[i];
    if (range === undefined || address > range.end) return undefined;
    return this.#rank(i) + distance(range.start, address);
  }

  /**
   * The first member at or after `start`, going on at the lowest after the end; undefined for the empty set.
   * @throws {TypeError} when `start` is of the other family
   */
  nextFrom(start: Address): Address | undefined {
    if (familyOf(start) !== this.family) throw new TypeError(`start is not an IPv${this.family} address`);
    const i = this.#floor(start);
    const range = this.ranges[i];
    if (range !== undefined && start <= range.end) return start;
    return this.ranges[i + 1]?.start ?? this.first();
  }

  /** The lowest member. */
  first(): Address | undefined {
    return this.ranges[0]?.start;
  }

  /** The highest member. */
  last(): Address | undefined {
    return this.ranges.at(-1)?.end;
  }

  /** The canonical texts in ascending order: `a` for a single address, else `a-b`. */
  toStrings(): string[] {
    return this.ranges.map(formatRange);
  }

  /** The index of the last range that starts at or before the address; -1 if there is none. */
  #floor(address: Address): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.ranges[middle];
      if (range !== undefined && range.start <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #rank(i: number): bigint {
    this.#ranks ??= ranksOf(this.ranges);
    const rank = this.#ranks[i];
    if (rank === undefined) throw new RangeError(`no range ${i} in a set of ${this.ranges.length}`);
    return rank;
  }

  #requireSameFamily(other: RangeSet): void {
    if (this.family !== other.family) throw new TypeError('sets of different families do not mix');
  }
}

function ranksOf(ranges: readonly AddressRange[]): bigint[] {
  const ranks = [0n];
  let members = 0n;
  for (const { start, end } of ranges) {
    members += distance(start, end) + 1n;
    ranks.push(members);
  }
  return ranks;
}

/**
 * The rule by which admission rewrites `ips` and `excludeIPs`: a list of more than one entry becomes the canonical
 * texts of its set, a shorter one stays as it is. Undefined when an entry is no range of the family.
 */
export function mergeRangeTexts(family: Family, texts: readonly string[]): string[] | undefined {
  if (texts.length <= 1) return [...texts];
  const ranges: AddressRange[] = [];
  for (const text of texts) {
    const parsed = parseRange(family, text);
    if (!parsed.ok) return undefined;
    ranges.push(parsed.range);
  }
  return RangeSet.of(family, ranges).toStrings();
}
