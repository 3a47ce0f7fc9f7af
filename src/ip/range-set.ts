import type { Address, Family } from './address.ts';

/** A run of addresses of one family, both ends included. */
export interface AddressRange {
  readonly start: Address;
  readonly end: Address;
}

/** An immutable set of addresses of one family, kept as sorted, disjoint, non-adjacent ranges. */
export class RangeSet {
  readonly family: Family;
  readonly ranges: readonly AddressRange[];
  constructor(family: Family, ranges: readonly AddressRange[]) {
    this.family = family;
    this.ranges = ranges;
  }
}
