import type { Address, Family } from './address.ts';
import type { AddressRange } from './address-range.ts';

/**
 * A short sorted run of disjoint ranges, the lower level of a RangeIndex. One class a family, so that every comparison
 * in the searches is between values of one type.
 *
 * @typeParam A the family's type; a leaf is only ever handed addresses of its own family
 */
export interface RangeLeaf<A extends Address> {
  /** Ranges held. */
  readonly count: number;
  startAt(i: number): A;
  endAt(i: number): A;
  /** The position of the last range that starts at or before the address; -1 if there is none. */
  floor(address: A): number;
  /** True when the first range starts after the address. */
  startsAfter(address: A): boolean;
  /** True when range `i` reaches at least as far as the address. */
  reaches(i: number, address: A): boolean;
  setStart(i: number, start: A): void;
  setEnd(i: number, end: A): void;
  insertAt(i: number, start: A, end: A): void;
  removeAt(i: number): void;
  /** Moves the upper half of the ranges into a new leaf. */
  splitHalf(): RangeLeaf<A>;
  /** Adds the ranges of a leaf that all lie after the own ones. */
  append(after: RangeLeaf<A>): void;
}

/** An empty leaf for a family. */
export function createLeaf(family: Family): RangeLeaf<Address> {
  return family === 4 ? new Ipv4Leaf() : new Ipv6Leaf();
}

/** The ranges of a leaf in order. */
export function* rangesOf<A extends Address>(leaf: RangeLeaf<A>): Generator<AddressRange> {
  for (let i = 0; i < leaf.count; i++) yield { start: leaf.startAt(i), end: leaf.endAt(i) };
}

function at<A>(column: ArrayLike<A>, i: number): A {
  const value = column[i];
  if (value === undefined) throw new RangeError(`no range at ${i}`);
  return value;
}

/** Two columns of 32-bit integers: 8 bytes a range, and moving the tail is one copy of memory. */
class Ipv4Leaf implements RangeLeaf<number> {
  count = 0;
  #starts = new Uint32Array(4);
  #ends = new Uint32Array(4);

  startAt(i: number): number {
    return at(this.#starts, i);
  }

  endAt(i: number): number {
    return at(this.#ends, i);
  }

  floor(address: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(starts, middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  startsAfter(address: number): boolean {
    return at(this.#starts, 0) > address;
  }

  reaches(i: number, address: number): boolean {
    return at(this.#ends, i) >= address;
  }

  setStart(i: number, start: number): void {
    this.#starts[i] = start;
  }

  setEnd(i: number, end: number): void {
    this.#ends[i] = end;
  }

  insertAt(i: number, start: number, end: number): void {
    if (this.count === this.#starts.length) this.#resize(this.count * 2);
    this.#starts.copyWithin(i + 1, i, this.count);
    this.#ends.copyWithin(i + 1, i, this.count);
    this.#starts[i] = start;
    this.#ends[i] = end;
    this.count++;
  }

  removeAt(i: number): void {
    this.#starts.copyWithin(i, i + 1, this.count);
    this.#ends.copyWithin(i, i + 1, this.count);
    this.count--;
  }

  splitHalf(): Ipv4Leaf {
    const kept = this.count >>> 1;
    const upper = new Ipv4Leaf();
    upper.count = this.count - kept;
    upper.#starts = this.#starts.slice(kept, this.count);
    upper.#ends = this.#ends.slice(kept, this.count);
    this.count = kept;
    return upper;
  }

  append(after: RangeLeaf<number>): void {
    for (let i = 0; i < after.count; i++) this.insertAt(this.count, after.startAt(i), after.endAt(i));
  }

  #resize(capacity: number): void {
    const [starts, ends] = [new Uint32Array(capacity), new Uint32Array(capacity)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }
}

/** Two columns of integers of any size. */
class Ipv6Leaf implements RangeLeaf<bigint> {
  #starts: bigint[] = [];
  #ends: bigint[] = [];

  get count(): number {
    return this.#starts.length;
  }

  startAt(i: number): bigint {
    return at(this.#starts, i);
  }

  endAt(i: number): bigint {
    return at(this.#ends, i);
  }

  floor(address: bigint): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at(starts, middle) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  startsAfter(address: bigint): boolean {
    return at(this.#starts, 0) > address;
  }

  reaches(i: number, address: bigint): boolean {
    return at(this.#ends, i) >= address;
  }

  setStart(i: number, start: bigint): void {
    this.#starts[i] = start;
  }

  setEnd(i: number, end: bigint): void {
    this.#ends[i] = end;
  }

  insertAt(i: number, start: bigint, end: bigint): void {
    this.#starts.splice(i, 0, start);
    this.#ends.splice(i, 0, end);
  }

  removeAt(i: number): void {
    this.#starts.splice(i, 1);
    this.#ends.splice(i, 1);
  }

  splitHalf(): Ipv6Leaf {
    const kept = this.count >>> 1;
    const upper = new Ipv6Leaf();
    upper.#starts = this.#starts.splice(kept);
    upper.#ends = this.#ends.splice(kept);
    return upper;
  }

  append(after: RangeLeaf<bigint>): void {
    for (let i = 0; i < after.count; i++) this.insertAt(this.count, after.startAt(i), after.endAt(i));
  }
}
