import type { Address } from '../ip/address.ts';
import { nextAddress } from '../ip/address.ts';
import type { RangeIndex } from '../ip/range-index.ts';
import type { AddressRun, FreeAddresses, RestingAddress } from '../ipam/choose.ts';
import type { PoolRange } from '../ipam/want.ts';
import type { PoolUsage } from './ledger.ts';
import type { RestQueue } from './rest-queue.ts';

/** A mark of a release is forgotten after this time, or after the pool's reuse delay if that is longer. */
export const MARK_LIFE_MS = 10 * 60_000;

/** What a pool's state is made of at the moment in which it is read from the store. */
export interface PoolStateParts {
  readonly range: PoolRange;
  /** Eligible addresses that are neither allocated nor resting. */
  readonly free: RangeIndex;
  /** Eligible addresses that rest after a release, oldest first. */
  readonly cooling: RestQueue;
  /** Eligible addresses that were released as suspect, oldest first. */
  readonly suspect: RestQueue;
  /** Records that name the pool. */
  readonly allocated: number;
  /** Those of them whose address is not eligible. */
  readonly outside: number;
}

/**
 * How the eligible addresses of one pool are used: what is derived from the records, so that an address is chosen
 * without a look at the store. It holds ranges and resting addresses, nothing for a record.
 */
export class PoolState {
  #range: PoolRange;
  readonly #free: RangeIndex;
  readonly #cooling: RestQueue;
  readonly #suspect: RestQueue;
  #allocated: number;
  #outside: number;

  constructor(parts: PoolStateParts) {
    this.#range = parts.range;
    this.#free = parts.free;
    this.#cooling = parts.cooling;
    this.#suspect = parts.suspect;
    this.#allocated = parts.allocated;
    this.#outside = parts.outside;
  }

  /** Whether this state describes that pool; takes its identity over, so that the contents are compared only once. */
  matches(range: PoolRange): boolean {
    if (range.reuseDelayMs !== this.#range.reuseDelayMs) return false;
    if (range.eligible === this.#range.eligible) return true;
    if (!range.eligible.equals(this.#range.eligible)) return false;
    this.#range = range;
    return true;
  }

  isEligible(address: Address): boolean {
    return this.#range.eligible.contains(address);
  }

  /** Whether the address may be handed out in some class. */
  offers(address: Address): boolean {
    return this.#free.contains(address) || this.#cooling.has(address) || this.#suspect.has(address);
  }

  /** When a suspect address was released; undefined for all others. */
  suspectSinceMs(address: Address): number | undefined {
    return this.#suspect.freedMs(address);
  }

  /** The addresses to choose from, without those that are spoken for already. Valid until the next change. */
  run(spokenFor: ReadonlySet<Address>): AddressRun {
    const family = this.#range.family;
    if (spokenFor.size === 0) {
      return { family, free: this.#free, cooling: this.#cooling, suspect: this.#suspect };
    }
    return {
      family,
      free: new FreeExcept(this.#free, spokenFor),
      cooling: { [Symbol.iterator]: () => except(this.#cooling, spokenFor) },
      suspect: { [Symbol.iterator]: () => except(this.#suspect, spokenFor) },
    };
  }

  /** Notes that an eligible address was allocated, by whichever pool. */
  take(address: Address): void {
    if (this.#free.delete(address) || this.#cooling.delete(address)) return;
    this.#suspect.delete(address);
  }

  /** Notes that an eligible address was released. */
  rest(address: Address, freedMs: number, suspect: boolean): void {
    (suspect ? this.#suspect : this.#cooling).push(address, freedMs);
  }

  /** Counts a record that names this pool: +1 when it was written, -1 when it was removed. */
  count(address: Address, change: 1 | -1): void {
    this.#allocated += change;
    if (!this.isEligible(address)) this.#outside += change;
  }

  /** Moves what has rested long enough to the free addresses. */
  settle(nowMs: number): void {
    const delayMs = this.#range.reuseDelayMs;
    this.#settle(this.#cooling, nowMs - delayMs);
    this.#settle(this.#suspect, nowMs - Math.max(MARK_LIFE_MS, delayMs));
  }

  /** The clock was set back: releases in its future count as releases of now. */
  clamp(nowMs: number): void {
    this.#cooling.clamp(nowMs);
    this.#suspect.clamp(nowMs);
  }

  usage(): PoolUsage {
    return {
      pool: this.#range.name,
      allocated: this.#allocated,
      outside: this.#outside,
      cooling: this.#cooling.size,
      suspect: this.#suspect.size,
      free: this.#free.size,
    };
  }

  #settle(queue: RestQueue, freedBeforeMs: number): void {
    for (let oldest = queue.oldest(); oldest !== undefined; oldest = queue.oldest()) {
      if (oldest.freedMs > freedBeforeMs) return;
      queue.delete(oldest.address);
      this.#free.insert(oldest.address);
    }
  }
}

/** Free addresses without a few that are spoken for. */
class FreeExcept implements FreeAddresses {
  readonly #free: RangeIndex;
  readonly #spokenFor: ReadonlySet<Address>;

  constructor(free: RangeIndex, spokenFor: ReadonlySet<Address>) {
    this.#free = free;
    this.#spokenFor = spokenFor;
  }

  first(): Address | undefined {
    return this.nextFrom(lowest(this.#free));
  }

  nextFrom(start: Address): Address | undefined {
    const begin = this.#free.nextFrom(start);
    for (let candidate = begin; candidate !== undefined; ) {
      if (!this.#spokenFor.has(candidate)) return candidate;
      candidate = this.#free.nextFrom(nextAddress(candidate) ?? lowest(this.#free));
      if (candidate === begin) return undefined;
    }
    return undefined;
  }
}

function lowest(free: RangeIndex): Address {
  return free.family === 4 ? 0 : 0n;
}

function* except(
  resting: Iterable<RestingAddress>,
  spokenFor: ReadonlySet<Address>,
): Generator<RestingAddress, void, undefined> {
  for (const candidate of resting) if (!spokenFor.has(candidate.address)) yield candidate;
}
