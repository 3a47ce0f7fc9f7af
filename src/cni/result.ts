import type { Address } from '../ip/address.ts';
import type { Cidr } from '../ip/cidr.ts';

/** An address with the length of its subnet's prefix, as a NIC carries it. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly prefixLength: number;
  readonly gateway?: Address;
}

/** A route; `gateway` is always set because pools name one for each route. */
export interface Route {
  readonly destination: Cidr;
  readonly gateway: Address;
}

/** What ADD answers for one NIC, independent of the CNI version it is printed in. */
export interface NicConfiguration {
  readonly nic: string;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
}
