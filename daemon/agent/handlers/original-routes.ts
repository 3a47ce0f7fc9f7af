import { formatAddress } from '../../../src/ip/address.ts';
import { formatCidr } from '../../../src/ip/cidr.ts';
import type { AllocatedAddress } from '../allocated-address.ts';

/** The routes of these addresses in the shape of the original's API. */
export function originalRoutes(addresses: readonly AllocatedAddress[]): object[] {
  return addresses.flatMap(({ nic, routes }) =>
    routes.map(({ destination, gateway }) => ({
      ifName: nic,
      dst: formatCidr(destination),
      gw: formatAddress(gateway),
    })),
  );
}
