import type { Address } from '../../ip/address.ts';
import type { AddressRange } from '../../ip/address-range.ts';
import { addressKey, addressOfKey } from '../address-key.ts';

/** Addresses in a block: a /26 of IPv4, a /122 of IPv6. */
export const SLOTS = 64;

/** The first address of the block in which an address lies. */
export function blockBase(address: Address): Address {
  return typeof address === 'number' ? address - (address % SLOTS) : address - (address % BigInt(SLOTS));
}

/** The slot of an address in its block. */
export function slotIndex(address: Address): number {
  return typeof address === 'number' ? address % SLOTS : Number(address % BigInt(SLOTS));
}

/** The address of a slot. */
export function slotAddress(base: Address, index: number): Address {
  return typeof base === 'number' ? base + index : base + BigInt(index);
}

/** All addresses of a block. */
export function blockRange(base: Address): AddressRange {
  return { start: base, end: slotAddress(base, SLOTS - 1) };
}

/** The name of the SpiderIPBlock that begins with this address, such as `v4-0a060100`. */
export function blockName(base: Address): string {
  return addressKey(base);
}

/** The first address of the block of that name; undefined when no block can have it. */
export function baseOfBlockName(name: string): Address | undefined {
  const base = addressOfKey(name);
  return base !== undefined && blockBase(base) === base ? base : undefined;
}
