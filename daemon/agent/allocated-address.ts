import { CniCode, CniError } from '../../src/cni/error.ts';
import type { InterfaceAddress, NicConfiguration, Route } from '../../src/cni/result.ts';
import { type Family, familyOf, formatAddress } from '../../src/ip/address.ts';
import { cidrContains, formatCidr } from '../../src/ip/cidr.ts';
import { assignCustomRoutes } from '../../src/ipam/assign-custom-routes.ts';
import type { Pool, PoolCatalog } from '../../src/ipam/pool.ts';
import { composeRoutes } from '../../src/ipam/routes.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';

/** An address that an ADD got, with what its pool adds to it. */
export interface AllocatedAddress extends InterfaceAddress {
  readonly nic: string;
  readonly family: Family;
  readonly pool: string;
  readonly routes: readonly Route[];
}

/** What the addresses of one ADD are described with. */
export interface DescribeOptions {
  readonly catalog: PoolCatalog;
  /** Whether a NIC gets no default route. */
  readonly cleanGateway: (nic: string) => boolean;
  /** Routes of the pod, each for the first address whose subnet holds its gateway. */
  readonly customRoutes: readonly Route[];
}

/**
 * Adds to the records of one ADD what their pools and the pod say: prefix length, gateway, routes.
 *
 * @returns also the routes that no address can have
 * @throws CniError with code 101 when a pool's definition is gone, or is another subnet by now
 */
export function describeAddresses(
  records: readonly AllocationRecord[],
  { catalog, cleanGateway, customRoutes }: DescribeOptions,
): { readonly addresses: readonly AllocatedAddress[]; readonly leftOver: readonly Route[] } {
  const pools = records.map((record) => poolOf(record, catalog));
  const subnets = pools.map(({ subnet }) => subnet);
  const { ofAddress, leftOver } = assignCustomRoutes(customRoutes, subnets);
  const addresses = records.map((record, index) =>
    describeAddress(record, catalog, cleanGateway(record.nic), ofAddress[index]),
  );
  return { addresses, leftOver };
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
  customRoutes: readonly Route[] = [],
): AllocatedAddress {
  const pool = poolOf(record, catalog);
  return {
    nic: record.nic,
    family: familyOf(record.address),
    address: record.address,
    prefixLength: pool.subnet.prefixLength,
    pool: pool.name,
    routes: composeRoutes(pool, { cleanGateway, customRoutes }),
    ...(pool.gateway !== undefined && { gateway: pool.gateway }),
  };
}

function poolOf({ address, nic, pool: name }: AllocationRecord, { byName }: PoolCatalog): Pool {
  const pool = byName.get(name)?.pool;
  if (pool === undefined) {
    const message = `NIC ${nic} holds ${formatAddress(address)} of pool ${name}, whose definition is gone: bring the pool back, or release the address`;
    throw new CniError(CniCode.poolUnknown, message);
  }
  if (!cidrContains(pool.subnet, address)) {
    const message = `NIC ${nic} holds ${formatAddress(address)} of pool ${name}, which is ${formatCidr(pool.subnet)} by now: bring its subnet back, or release the address`;
    throw new CniError(CniCode.poolUnknown, message);
  }
  return pool;
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
