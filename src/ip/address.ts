import { formatIpv4, parseIpv4 } from './ipv4-text.ts';
import { formatIpv6, parseIpv6 } from './ipv6-text.ts';

/** An address family as Kubernetes and the CNI specification number it. */
export type Family = 4 | 6;

/** An IPv4 address as an integer from 0 to 2^32 - 1. */
export type Ipv4 = number;

/** An IPv6 address as an integer from 0 to 2^128 - 1. */
export type Ipv6 = bigint;

/**
 * An address of either family. The JavaScript type tells the family: a number is IPv4, a bigint IPv6, so
 * `::1` and `0.0.0.1` are never equal.
 */
export type Address = Ipv4 | Ipv6;

const ipv4Max: Ipv4 = 2 ** 32 - 1;
const ipv6Max: Ipv6 = 2n ** 128n - 1n;

/** The family of an address. */
export function familyOf(address: Address): Family {
  return typeof address === 'number' ? 4 : 6;
}

/** `255.255.255.255` or `ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`. */
export function maxAddress(family: Family): Address {
  return family === 4 ? ipv4Max : ipv6Max;
}

/** True for an integer of the type and within the bounds of the family. */
export function isAddressOf(family: Family, address: Address): boolean {
  if (typeof address === 'number') return family === 4 && address >>> 0 === address;
  return family === 6 && address >= 0n && address <= ipv6Max;
}

/**
 * Reads an address of either family, or undefined. Accepts exactly what Go's `net.ParseIP` accepts: no leading zeros
 * in octets, no zone ids, no blanks, no prefix. A text with a colon is IPv6, so `::ffff:1.2.3.4` is an IPv6 address and
 * never the same as `1.2.3.4` (the original counts it as both families and then loses the difference).
 */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** Reads an address of this family, or undefined; see {@link parseAddress}. */
export function parseAddressOf(family: Family, text: string): Address | undefined {
  return family === 4 ? parseIpv4(text) : parseIpv6(text);
}

/**
 * The canonical text: dotted decimal, or RFC 5952. `parseAddress(formatAddress(x)) === x` for every address; for that,
 * IPv4-mapped IPv6 addresses are printed as `::ffff:1.2.3.4` and not, as Go's `net.IP` does, as `1.2.3.4`.
 */
export function formatAddress(address: Address): string {
  return typeof address === 'number' ? formatIpv4(address) : formatIpv6(address);
}

/** The address after this one; undefined after the last of its family. */
export function nextAddress(address: Address): Address | undefined {
  if (typeof address === 'number') return address === ipv4Max ? undefined : address + 1;
  return address === ipv6Max ? undefined : address + 1n;
}

/** The address before this one; undefined before the first of its family. */
export function previousAddress(address: Address): Address | undefined {
  if (typeof address === 'number') return address === 0 ? undefined : address - 1;
  return address === 0n ? undefined : address - 1n;
}

/** The address `offset` places further on (back, if negative); undefined outside of the family. */
export function offsetAddress(address: Address, offset: bigint): Address | undefined {
  const moved = BigInt(address) + offset;
  if (moved < 0n || moved > maxAddress(familyOf(address))) return undefined;
  return typeof address === 'number' ? Number(moved) : moved;
}

/**
 * How many places `to` lies after `from`, negative if it lies before: `offsetAddress(from, distance(from, to)) === to`.
 * @throws {TypeError} when the families differ
 */
export function distance(from: Address, to: Address): bigint {
  if (typeof from !== typeof to) throw new TypeError('addresses of different families have no distance');
  return BigInt(to) - BigInt(from);
}

/** Order for sorting: IPv4 before IPv6, then by number. */
export function compareAddresses(a: Address, b: Address): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
