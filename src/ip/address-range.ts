import type { Address } from './address.ts';

/** A run of addresses of one family, both ends included. */
export interface AddressRange {
  readonly start: Address;
  readonly end: Address;
}
