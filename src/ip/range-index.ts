import type { Address, Family } from './address.ts';
import { familyOf, isAddressOf, nextAddress, previousAddress } from './address.ts';
import type { AddressRange } from './address-range.ts';
import type { RangeLeaf } from './range-leaf.ts';
import { createLeaf, rangesOf } from './range-leaf.ts';
import { RangeSet } from './range-set.ts';

/** Ranges in a leaf at most: moving half of them on an insertion costs about as much as finding the place. */
const leafRangesMax = 256;
/** Ranges in a leaf made from a RangeSet: room for as many again before the first split. */
const leafRangesBulk = leafRangesMax / 2;
/** Neighbours that together hold no more than this become one leaf; far enough below the maximum not to split at once. */
const leafRangesMerged = leafRangesMax / 4;

/**
 * A set of addresses of one family that changes one address at a time, such as the free addresses of a pool. Kept as
 * disjoint, non-adjacent ranges in a sorted list of sorted leaves: whatever the number of addresses, an operation costs
 * two binary searches and at most one short move in the number of ranges.
 */
export class RangeIndex {
  readonly family: Family;
  /** Ascending. Never empty; no leaf is, except a sole one. */
  readonly #leaves: RangeLeaf<Address>[];
  #rangeCount: number;
  readonly #initialSize: bigint;
  /** Insertions less deletions; beyond 2^53 of them no process lives to see. */
  #growth = 0;

  /**
   * Takes O(ranges of `initial`).
   * @param initial the first members @default none
   * @throws {TypeError} when `initial` is of the other family
   */
  constructor(family: Family, initial: RangeSet = RangeSet.empty(family)) {
    if (initial.family !== family) throw new TypeError(`initial is not a set of IPv${family} addresses`);
    this.family = family;
    this.#rangeCount = initial.ranges.length;
    this.#initialSize = initial.size;
    let leaf = createLeaf(family);
    this.#leaves = [leaf];
    for (const { start, end } of initial.ranges) {
      if (leaf.count === leafRangesBulk) {
        leaf = createLeaf(family);
        this.#leaves.push(leaf);
      }
      leaf.insertAt(leaf.count, start, end);
    }
  }

  /** The number of addresses, exact. */
  get size(): bigint {
    return this.#initialSize + BigInt(this.#growth);
  }

  /** The number of ranges that they form. */
  get rangeCount(): number {
    return this.#rangeCount;
  }

  /** False for an address of the other family. */
  contains(address: Address): boolean {
    if (familyOf(address) !== this.family) return false;
    const leaf = this.#leafAt(this.#leafFor(address));
    const i = leaf.floor(address);
    return i >= 0 && leaf.reaches(i, address);
  }

  /** The lowest member. */
  first(): Address | undefined {
    const leaf = this.#leafAt(0);
    return leaf.count === 0 ? undefined : leaf.startAt(0);
  }

  /**
   * The first member at or after `start`, going on at the lowest after the end; undefined when there is no member.
   * @throws {TypeError} when `start` is of the other family
   */
  nextFrom(start: Address): Address | undefined {
    if (familyOf(start) !== this.family) throw new TypeError(`start is not an IPv${this.family} address`);
    const at = this.#leafFor(start);
    const leaf = this.#leafAt(at);
    const i = leaf.floor(start);
    if (i >= 0 && leaf.reaches(i, start)) return start;
    if (i + 1 < leaf.count) return leaf.startAt(i + 1);
    return this.#leaves[at + 1]?.startAt(0) ?? this.first();
  }

  /**
   * Adds an address; false when it is a member already.
   * @throws {RangeError} when it is no address of the family
   */
  insert(address: Address): boolean {
    if (!isAddressOf(this.family, address)) {
      throw new RangeError(`not an IPv${this.family} address: ${address}`);
    }
    const at = this.#leafFor(address);
    const leaf = this.#leafAt(at);
    const i = leaf.floor(address);
    if (i >= 0 && leaf.reaches(i, address)) return false;
    this.#growth++;
    const before = previousAddress(address);
    const touchesBefore = i >= 0 && before !== undefined && leaf.reaches(i, before);
    // The range after it may be the first of the next leaf.
    const [afterAt, j] = i + 1 < leaf.count ? [at, i + 1] : [at + 1, 0];
    const afterLeaf = this.#leaves[afterAt];
    const touchesAfter =
      afterLeaf !== undefined && j < afterLeaf.count && afterLeaf.startAt(j) === nextAddress(address);
    if (touchesBefore && touchesAfter) {
      leaf.setEnd(i, afterLeaf.endAt(j));
      this.#removeRange(afterAt, j);
    } else if (touchesBefore) {
      leaf.setEnd(i, address);
    } else if (touchesAfter) {
      afterLeaf.setStart(j, address);
    } else {
      this.#insertRange(at, i + 1, address, address);
    }
    return true;
  }

  /** Removes an address; false when it is no member. */
  delete(address: Address): boolean {
    if (familyOf(address) !== this.family) return false;
    const at = this.#leafFor(address);
    const leaf = this.#leafAt(at);
    const i = leaf.floor(address);
    if (i < 0 || !leaf.reaches(i, address)) return false;
    this.#growth--;
    const [start, end] = [leaf.startAt(i), leaf.endAt(i)];
    // Undefined where the range has nothing on that side of the address.
    const before = start === address ? undefined : previousAddress(address);
    const after = end === address ? undefined : nextAddress(address);
    if (before === undefined && after === undefined) this.#removeRange(at, i);
    else if (before === undefined && after !== undefined) leaf.setStart(i, after);
    else if (before !== undefined) {
      leaf.setEnd(i, before);
      if (after !== undefined) this.#insertRange(at, i + 1, after, end);
    }
    return true;
  }

  /** The members at this moment. Takes O(rangeCount). */
  toRangeSet(): RangeSet {
    return RangeSet.of(this.family, this.#ranges());
  }

  *#ranges(): Generator<AddressRange> {
    for (const leaf of this.#leaves) yield* rangesOf(leaf);
  }

  /** The position of the last leaf that starts at or before the address; 0 if there is none. */
  #leafFor(address: Address): number {
    let low = 0;
    let high = this.#leaves.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#leafAt(middle).startsAfter(address)) high = middle - 1;
      else low = middle;
    }
    return low;
  }

  #leafAt(at: number): RangeLeaf<Address> {
    const leaf = this.#leaves[at];
    if (leaf === undefined) throw new RangeError(`no leaf at ${at}`);
    return leaf;
  }

  #insertRange(at: number, i: number, start: Address, end: Address): void {
    const leaf = this.#leafAt(at);
    leaf.insertAt(i, start, end);
    this.#rangeCount++;
    if (leaf.count > leafRangesMax) this.#leaves.splice(at + 1, 0, leaf.splitHalf());
  }

  #removeRange(at: number, i: number): void {
    const leaf = this.#leafAt(at);
    leaf.removeAt(i);
    this.#rangeCount--;
    if (leaf.count > leafRangesMerged) return;
    this.#mergeWithNext(at - 1);
    this.#mergeWithNext(at);
  }

  /** Makes one of two small neighbours, so that no leaf stays empty and what was scattered once does not stay so. */
  #mergeWithNext(at: number): void {
    const [leaf, next] = [this.#leaves[at], this.#leaves[at + 1]];
    if (leaf === undefined || next === undefined) return;
    const oneIsEmpty = leaf.count === 0 || next.count === 0;
    if (!oneIsEmpty && leaf.count + next.count > leafRangesMerged) return;
    leaf.append(next);
    this.#leaves.splice(at + 1, 1);
  }
}
