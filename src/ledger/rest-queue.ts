import type { Address } from '../ip/address.ts';
import type { RestingAddress } from '../ipam/choose.ts';

/** Below this many dead places the arrays are not worth shortening. */
const COMPACT_MIN = 64;

/**
 * Released addresses in the order of their release. Adding, removing any of them, and looking at the oldest take
 * constant time on average; it holds two numbers and one map entry for an address.
 */
export class RestQueue implements Iterable<RestingAddress> {
  #addresses: (Address | undefined)[] = [];
  #freedMs: number[] = [];
  /** Place of an address: its index plus what was cut off in front. */
  readonly #places = new Map<Address, number>();
  #head = 0;
  #cut = 0;

  get size(): number {
    return this.#places.size;
  }

  has(address: Address): boolean {
    return this.#places.has(address);
  }

  /** When the address was released; undefined when it does not rest here. */
  freedMs(address: Address): number | undefined {
    const place = this.#places.get(address);
    return place === undefined ? undefined : this.#freedMs[place - this.#cut];
  }

  /** Adds an address as the youngest; one that rests already starts anew. */
  push(address: Address, freedMs: number): void {
    this.delete(address);
    this.#places.set(address, this.#cut + this.#addresses.length);
    this.#addresses.push(address);
    this.#freedMs.push(freedMs);
  }

  /** Removes an address. Returns false when it does not rest here. */
  delete(address: Address): boolean {
    const place = this.#places.get(address);
    if (place === undefined) return false;
    this.#places.delete(address);
    this.#addresses[place - this.#cut] = undefined;
    this.#skipDead();
    return true;
  }

  /** The address that rests longest. */
  oldest(): RestingAddress | undefined {
    for (const resting of this) return resting;
    return undefined;
  }

  /** Releases that lie in the future of a clock that was set back count as releases of now. */
  clamp(nowMs: number): void {
    this.#freedMs = this.#freedMs.map((freedMs) => Math.min(freedMs, nowMs));
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<RestingAddress, void, undefined> {
    for (let index = this.#head; index < this.#addresses.length; index++) {
      const address = this.#addresses[index];
      const freedMs = this.#freedMs[index];
      if (address !== undefined && freedMs !== undefined) yield { address, freedMs };
    }
  }

  #skipDead(): void {
    while (this.#head < this.#addresses.length && this.#addresses[this.#head] === undefined) this.#head++;
    if (this.#head < COMPACT_MIN || this.#head * 2 < this.#addresses.length) return;
    this.#addresses = this.#addresses.slice(this.#head);
    this.#freedMs = this.#freedMs.slice(this.#head);
    this.#cut += this.#head;
    this.#head = 0;
  }
}
