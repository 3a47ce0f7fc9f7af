import type { SpiderIPPoolSpec, SpiderReservedIP } from '../../api/resources.ts';
import { poolFixture } from '../../api/testing/resources.ts';
import { buildCatalog } from '../catalog.ts';
import { compilePool, reservedAddresses } from '../compile-pool.ts';
import type { ClusterFacts } from '../facts.ts';
import type { NicRequest } from '../request.ts';

/** Facts with these pools: names and what differs from a small valid pool of 10.6.0.0/16. */
export function factsWith(
  pools: Readonly<Record<string, Partial<SpiderIPPoolSpec>>>,
  more: Partial<Omit<ClusterFacts, 'catalog'>> & {
    readonly reserved?: readonly SpiderReservedIP[];
    readonly deleting?: readonly string[];
  } = {},
): ClusterFacts {
  const { reserved = [], deleting = [], ...facts } = more;
  const compiled = Object.entries(pools).map(([name, spec]) => {
    const going = deleting.includes(name) && { deletionTimestamp: '2026-01-01T00:00:00Z' };
    return compilePool(poolFixture(spec, { name, ...going }));
  });
  return { node: { name: 'node-1' }, ...facts, catalog: buildCatalog(compiled, reservedAddresses(reserved)) };
}

/** What a small valid IPv6 pool says. */
export const ipv6Spec: Partial<SpiderIPPoolSpec> = {
  ipVersion: 6,
  subnet: 'fd00:6::/64',
  ips: ['fd00:6::10-fd00:6::20'],
};

/** A request for eth0 that names no pools. */
export function nicRequest(more: Partial<NicRequest> = {}): NicRequest {
  return {
    nic: 'eth0',
    configPools: { 4: [], 6: [] },
    cleanGateway: false,
    matchMasterSubnet: false,
    requestedAddresses: [],
    ...more,
  };
}
