import type { Address, Family } from './address.ts';

/** A subnet: its first address (host bits are zero) and the length of its prefix in bits. */
export interface Cidr {
  readonly family: Family;
  readonly network: Address;
  readonly prefixLength: number;
}
