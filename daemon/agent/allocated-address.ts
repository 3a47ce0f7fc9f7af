import { CniCode, CniError } from '../../src/cni/error.ts';
import type { InterfaceAddress, NicConfiguration, Route } from '../../src/cni/result.ts';
import { type Family, familyOf, formatAddress } from '../../src/ip/address.ts';
import { cidrContains, formatCidr } from '../../src/ip/cidr.ts';
import type { PoolCatalog } from '../../src/ipam/pool.ts';
import { composeRoutes } from '../../src/ipam/routes.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';

/** An address that an ADD got, with what its pool adds to it. */
export interface AllocatedAddress extends InterfaceAddress {
  readonly nic: string;
  readonly family: Family;
  readonly pool: string;
  readonly routes: readonly Route[];
}

/**
 * Adds to a record what its pool says: prefix length, gateway, routes.
 *
 * @throws CniError with code 101 when the pool's definition is gone, or is another subnet by now
 */
export function describeAddress(
  record: AllocationRecord,
  catalog: PoolCatalog,
  cleanGateway: boolean,
): AllocatedAddress {
  const pool = catalog.byName.get(record.pool)?.pool;
  if (pool === undefined) {
    const message = `NIC ${record.nic} holds ${formatAddress(record.address)} of pool ${record.pool}, whose definition is gone: bring the pool back, or release the address`;
    throw new CniError(CniCode.poolUnknown, message);
  }
  if (!cidrContains(pool.subnet, record.address)) {
    const message = `NIC ${record.nic} holds ${formatAddress(record.address)} of pool ${record.pool}, which is ${formatCidr(pool.subnet)} by now: bring its subnet back, or release the address`;
    throw new CniError(CniCode.poolUnknown, message);
  }
  return {
    nic: record.nic,
    family: familyOf(record.address),
    address: record.address,
    prefixLength: pool.subnet.prefixLength,
    pool: pool.name,
    routes: composeRoutes(pool, { cleanGateway }),
    ...(pool.gateway !== undefined && { gateway: pool.gateway }),
  };
}

/** The addresses of one NIC as its CNI result: IPv4 before IPv6, each with its routes. */
export function nicConfiguration(nic: string, addresses: readonly AllocatedAddress[]): NicConfiguration {
  const own = addresses.filter((one) => one.nic === nic).toSorted((a, b) => a.family - b.family);
  return {
    nic,
    addresses: own.map(({ address, prefixLength, gateway }) => ({
      address,
      prefixLength,
      ...(gateway !== undefined && { gateway }),
    })),
    routes: own.flatMap(({ routes }) => routes),
  };
}
