import type { Address } from '../ip/address.ts';

const IPV4_PREFIX = 'v4-';
const IPV6_PREFIX = 'v6-';
const IPV4_DIGITS = 8;
const IPV6_DIGITS = 32;

/**
 * The primary key of an address: its family and its number in fixed-width hex, such as `v4-0a060101`. An address has
 * exactly one key, and keys compare as texts like the addresses as numbers, IPv4 before IPv6; so a page of
 * records or the records inside a range are one walk along the key.
 */
export function addressKey(address: Address): string {
  return typeof address === 'number'
    ? IPV4_PREFIX + address.toString(16).padStart(IPV4_DIGITS, '0')
    : IPV6_PREFIX + address.toString(16).padStart(IPV6_DIGITS, '0');
}

/** The address of a key, or undefined when the text is no key. */
export function addressOfKey(key: string): Address | undefined {
  const digits = key.slice(IPV4_PREFIX.length);
  if (key.startsWith(IPV4_PREFIX) && digits.length === IPV4_DIGITS) {
    const number = Number.parseInt(digits, 16);
    return addressKey(number) === key ? number : undefined;
  }
  if (!/^v6-[0-9a-f]{32}$/.test(key)) return undefined;
  return BigInt(`0x${digits}`);
}
