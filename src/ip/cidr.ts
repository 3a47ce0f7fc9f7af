import { Address4, Address6 } from 'ip-address';
import type { Address, Family } from './address.ts';
import { familyOf, formatAddress } from './address.ts';
import type { AddressRange } from './address-range.ts';

/** A subnet: its first address (host bits are zero) and the length of its prefix in bits. */
export interface Cidr {
  readonly family: Family;
  readonly network: Address;
  readonly prefixLength: number;
}

/** An address with the length of its subnet's prefix, host bits kept: what `10.0.0.5/24` says of a NIC. */
export interface PrefixedAddress {
  readonly address: Address;
  readonly prefixLength: number;
}

/**
 * What ip-address would let pass and we don't: zone ids, prefix lengths with leading zeros, a missing prefix length.
 * It also bounds the length of what the package is handed.
 */
const prefixedForm = /^[0-9a-fA-F:.]{2,45}\/(?:0|[1-9][0-9]{0,2})$/;

/**
 * Reads `address/prefix-length` and keeps the host bits; undefined for anything else. A text with a colon is IPv6,
 * IPv4-mapped ones included.
 */
export function parseInterfaceAddress(text: string): PrefixedAddress | undefined {
  if (!prefixedForm.test(text)) return undefined;
  try {
    if (text.includes(':')) {
      const parsed = new Address6(text);
      return { address: parsed.bigInt(), prefixLength: parsed.subnetMask };
    }
    const parsed = new Address4(text);
    return { address: Number(parsed.bigInt()), prefixLength: parsed.subnetMask };
  } catch {
    return undefined;
  }
}

/** Reads a subnet; host bits are accepted and cleared ({@link isCanonicalCidr} tells). Undefined for anything else. */
export function parseCidr(text: string): Cidr | undefined {
  const parsed = parseInterfaceAddress(text);
  return parsed === undefined ? undefined : subnetOf(parsed.address, parsed.prefixLength);
}

/**
 * The subnet of this prefix length that an address lies in.
 * @throws {RangeError} when the prefix length is no integer from 0 to 32 or 128
 */
export function subnetOf(address: Address, prefixLength: number): Cidr {
  const family = familyOf(address);
  const bits = family === 4 ? 32 : 128;
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bits) {
    throw new RangeError(`an IPv${family} prefix has 0 to ${bits} bits, not ${prefixLength}`);
  }
  const network =
    typeof address === 'number'
      ? address - (address % 2 ** (32 - prefixLength))
      : (address >> BigInt(128 - prefixLength)) << BigInt(128 - prefixLength);
  return { family, network, prefixLength };
}

/** The canonical text: `network/prefix-length`. */
export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr.network)}/${cidr.prefixLength}`;
}

/** The canonical text of a subnet written in any accepted form; undefined when it is none. */
export function canonicalCidr(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr === undefined ? undefined : formatCidr(cidr);
}

/** True when the text is a subnet in its canonical form: host bits zero, and RFC 5952 for IPv6. */
export function isCanonicalCidr(text: string): boolean {
  return canonicalCidr(text) === text;
}

/** All addresses of a subnet, the first and the last included. */
export function cidrRange(cidr: Cidr): AddressRange {
  const { network, prefixLength } = cidr;
  const end =
    typeof network === 'number'
      ? network + 2 ** (32 - prefixLength) - 1
      : network + (1n << BigInt(128 - prefixLength)) - 1n;
  return { start: network, end };
}

/** True when the address lies in the subnet; false for one of the other family. */
export function cidrContains(cidr: Cidr, address: Address): boolean {
  return familyOf(address) === cidr.family && address >= cidr.network && address <= cidrRange(cidr).end;
}

/** True when the subnets share an address, that is when one contains the other; false across families. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrContains(a, b.network) || cidrContains(b, a.network);
}
