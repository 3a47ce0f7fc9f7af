import { type Address, parseAddress } from '../ip/address.ts';

/** Addresses asked for; a NIC has at most one of each family, the rest is room for a clear message. */
export const requestedMax = 16;

/** Longest text of one; an IPv6 address with its prefix length has at most 49 characters. */
export const requestedTextMax = 64;

const prefixLength = /^\d{1,3}$/;

/** Reads an address that is asked for, such as `10.6.0.9` or `10.6.0.9/24`; a prefix length is dropped. Undefined for anything else. */
export function parseRequestedAddress(text: string): Address | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return parseAddress(text);
  const prefix = text.slice(slash + 1);
  return prefixLength.test(prefix) && Number(prefix) <= 128 ? parseAddress(text.slice(0, slash)) : undefined;
}
