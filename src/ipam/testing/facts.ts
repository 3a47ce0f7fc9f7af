import { ownerApplicationNameLabel } from '../../api/names.ts';
import type { SpiderIPPoolSpec, SpiderReservedIP } from '../../api/resources.ts';
import { poolFixture } from '../../api/testing/resources.ts';
import { buildCatalog } from '../catalog.ts';
import { compilePool, reservedAddresses } from '../compile-pool.ts';
import type { ClusterFacts, Labels } from '../facts.ts';
import type { NicRequest } from '../request.ts';

/** Facts with these pools: names and what differs from a small valid pool of 10.6.0.0/16. */
export function factsWith(
  pools: Readonly<Record<string, Partial<SpiderIPPoolSpec>>>,
  more: Partial<Omit<ClusterFacts, 'catalog'>> & {
    readonly reserved?: readonly SpiderReservedIP[];
    readonly deleting?: readonly string[];
    /** Pools with the label of those that are made for an application. */
    readonly autoPools?: readonly string[];
    /** Pools with a record of the original that was not imported. */
    readonly notImported?: readonly string[];
  } = {},
): ClusterFacts {
  const { reserved = [], deleting = [], autoPools = [], notImported = [], ...facts } = more;
  const compiled = Object.entries(pools).map(([name, spec]) => {
    const going = deleting.includes(name) && { deletionTimestamp: '2026-01-01T00:00:00Z' };
    const labels = autoPools.includes(name) && { labels: { [ownerApplicationNameLabel]: 'web' } };
    const status = notImported.includes(name) && { status: { allocatedIPs: '{"10.6.0.10":{}}' } };
    return compilePool({ ...poolFixture(spec, { name, ...going, ...labels }), ...status });
  });
  return { node: { name: 'node-1' }, ...facts, catalog: buildCatalog(compiled, reservedAddresses(reserved)) };
}

/** What differs from {@link clusterFacts} without annotations. */
export interface ClusterFactsOptions {
  /** Annotations of the pod. */
  readonly pod?: Labels;
  /** Annotations of the namespace. */
  readonly namespace?: Labels;
  /** `MULTUS_CLUSTER_NETWORK`. */
  readonly clusterNetwork?: string;
  readonly subnetsEnabled?: boolean;
}

/** Facts as a cluster gives them for pod `shop/web-0`, for {@link factsWith}. */
export function clusterFacts(options: ClusterFactsOptions = {}): Omit<ClusterFacts, 'catalog'> {
  const { pod = {}, namespace = {}, clusterNetwork, subnetsEnabled = false } = options;
  return {
    node: { name: 'node-1', labels: {} },
    namespace: { name: 'shop', labels: {}, annotations: namespace },
    pod: { name: 'web-0', labels: {}, annotations: pod },
    multus: { agentNamespace: 'kube-system', ...(clusterNetwork !== undefined && { clusterNetwork }) },
    subnetsEnabled,
  };
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
