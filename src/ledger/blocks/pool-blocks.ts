import type { Address } from '../../ip/address.ts';
import { RangeSet } from '../../ip/range-set.ts';
import { blockRange, SLOTS } from './block-name.ts';

/**
 * The blocks that a pool's addresses lie in, in address order, and what of each is the pool's. Blocks are
 * numbered like addresses, 64 of which are one block, so a set of ranges holds them whatever their number.
 */
export class PoolBlocks {
  readonly eligible: RangeSet;
  readonly #numbers: RangeSet;

  constructor(eligible: RangeSet) {
    this.eligible = eligible;
    const ranges = eligible.ranges.map(({ start, end }) => ({ start: numberOf(start), end: numberOf(end) }));
    this.#numbers = RangeSet.of(eligible.family, ranges);
  }

  /** How many blocks there are, exact. */
  get count(): bigint {
    return this.#numbers.size;
  }

  /** The first address of the block with `n` blocks before it; undefined when `n` is out of bounds. */
  nth(n: bigint): Address | undefined {
    const number = this.#numbers.nth(n);
    return number === undefined ? undefined : baseOf(number);
  }

  /** How many blocks lie before the one that begins with this address; undefined when it is none of the pool's. */
  indexOf(base: Address): bigint | undefined {
    return this.#numbers.indexOf(numberOf(base));
  }

  /** The addresses of the pool in a block. */
  within(base: Address): RangeSet {
    return this.eligible.intersect(RangeSet.of(this.eligible.family, [blockRange(base)]));
  }

  /** How many steps lie between the start of a ring and a block, going on at the beginning after the end. */
  stepsFrom(start: bigint, base: Address): bigint | undefined {
    const index = this.indexOf(base);
    if (index === undefined) return undefined;
    return index >= start ? index - start : index - start + this.count;
  }

  /** Every block once, from the one with `start` blocks before it, going on at the beginning after the end. */
  *ring(start: bigint): Generator<Address, void, undefined> {
    for (let step = 0n; step < this.count; step++) {
      const base = this.nth((start + step) % this.count);
      if (base !== undefined) yield base;
    }
  }

  /** Where a node with this place begins. @param place from 0 to 1, 1 excluded */
  startOf(place: number): bigint {
    const start = BigInt(Math.floor(place * Number(this.count)));
    // A count beyond 2^53 is rounded and may come out too large.
    return start < this.count ? start : this.count - 1n;
  }
}

function numberOf(address: Address): Address {
  return typeof address === 'number' ? Math.floor(address / SLOTS) : address / BigInt(SLOTS);
}

function baseOf(number: Address): Address {
  return typeof number === 'number' ? number * SLOTS : number * BigInt(SLOTS);
}
