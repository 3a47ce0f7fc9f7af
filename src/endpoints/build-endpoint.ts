import type { EndpointDetail, EndpointMetadata, SpiderEndpoint } from '../api/endpoint.ts';
import { nodeEndpointLabel } from '../api/names.ts';
import type { OwnerReference, RouteSpec } from '../api/resources.ts';
import { apiVersion } from '../api/resources.ts';
import type { Route } from '../cni/result.ts';
import { type Address, type Family, familyOf, formatAddress } from '../ip/address.ts';
import { cidrContains, formatCidr } from '../ip/cidr.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import type { AllocationRecord, PodName } from '../ledger/record.ts';
import { compareNics } from './compare-nics.ts';

/** What was answered to an ADD, as far as it can't be told from the ledger. */
export interface AnsweredAddress {
  readonly family: Family;
  readonly nic: string;
  readonly gateway?: Address;
  readonly routes: readonly Route[];
}

/** The pod of an endpoint. */
export interface EndpointPod extends PodName {
  /** `metadata.uid`, also of a static pod. */
  readonly uid: string;
}

/** What an endpoint is made of. */
export interface EndpointParts {
  /** Where it stands: the pod's name, or the virtual machine instance's. */
  readonly name: PodName;
  readonly pod: EndpointPod;
  readonly nodeName: string;
  /** Hash of the node's name, for the label. */
  readonly nodeHash: string;
  /** The records of this pod alone. */
  readonly records: readonly AllocationRecord[];
  readonly catalog: PoolCatalog;
  /** What the pod belongs to in the end, such as its Deployment. */
  readonly controller: { readonly kind: string; readonly name: string };
  /** The answer for this NIC, where it is still known. */
  readonly answered: (nic: string) => readonly AnsweredAddress[] | undefined;
}

/**
 * The endpoint that the records say, put onto the one that stands: what others wrote into its metadata stays. Where the answer
 * to the ADD is not known any more, routes and `cleanGateway` stay as they stand for the same addresses of the same pod, and are
 * those of the pools otherwise.
 */
export function buildEndpoint(parts: EndpointParts, standing?: SpiderEndpoint): SpiderEndpoint {
  const byNic = Map.groupBy(parts.records, ({ nic }) => nic);
  const before = standing?.status?.current;
  // What `kubectl` shows is the first entry.
  const nics = [...byNic.keys()].toSorted(compareNics);
  const ips = nics.map((nic) => {
    const { facts, fromPools } = describeNic(nic, byNic.get(nic) ?? [], parts.catalog);
    const answered = parts.answered(nic);
    if (answered !== undefined) return { ...facts, ...answeredRoutes(answered) };
    const known = before?.uid === parts.pod.uid && before.ips.find((detail) => sameAddresses(detail, facts));
    return { ...facts, ...(known ? keptRoutes(known) : fromPools) };
  });
  return {
    apiVersion,
    kind: 'SpiderEndpoint',
    metadata: buildMetadata(parts, standing?.metadata),
    status: {
      current: { uid: parts.pod.uid, node: parts.nodeName, ips },
      ownerControllerType: parts.controller.kind,
      ownerControllerName: parts.controller.name,
    },
  };
}

interface NicDescription {
  readonly facts: EndpointDetail;
  readonly fromPools: Pick<EndpointDetail, 'cleanGateway' | 'routes'>;
}

/** IPv4 and IPv6 of a NIC in one entry, as far as the records and the pools tell it. */
function describeNic(
  nic: string,
  records: readonly AllocationRecord[],
  catalog: PoolCatalog,
): NicDescription {
  const routes: RouteSpec[] = [];
  const facts: EndpointDetail = { interface: nic, vlan: 0 };
  let hasGateway = false;
  for (const record of records.toSorted((a, b) => familyOf(a.address) - familyOf(b.address))) {
    const family = familyOf(record.address);
    const named = catalog.byName.get(record.pool)?.pool;
    // A pool that is gone, or another one by now, tells nothing of the address but its name.
    const pool = named && cidrContains(named.subnet, record.address) ? named : undefined;
    const prefixLength = pool?.subnet.prefixLength ?? (family === 4 ? 32 : 128);
    Object.assign(facts, {
      [`ipv${family}`]: `${formatAddress(record.address)}/${prefixLength}`,
      [`ipv${family}Pool`]: record.pool,
      ...(pool?.gateway !== undefined && { [`ipv${family}Gateway`]: formatAddress(pool.gateway) }),
    });
    hasGateway ||= pool?.gateway !== undefined;
    routes.push(...(pool?.routes ?? []).map(routeSpec));
  }
  return { facts, fromPools: { ...(hasGateway && { cleanGateway: false }), ...routesField(routes) } };
}

/** The default route is told by `cleanGateway`, and the others by `routes`. */
function answeredRoutes(
  answered: readonly AnsweredAddress[],
): Pick<EndpointDetail, 'cleanGateway' | 'routes'> {
  const sorted = answered.toSorted((a, b) => a.family - b.family);
  const withGateway = sorted.filter(({ gateway }) => gateway !== undefined);
  const others = sorted.flatMap((address) => address.routes.filter((route) => !isDefault(address, route)));
  const cleanGateway = !withGateway.some((address) =>
    address.routes.some((route) => isDefault(address, route)),
  );
  return { ...(withGateway.length > 0 && { cleanGateway }), ...routesField(others.map(routeSpec)) };
}

function isDefault({ gateway }: AnsweredAddress, { destination, gateway: via }: Route): boolean {
  return destination.prefixLength === 0 && via === gateway;
}

function keptRoutes({
  cleanGateway,
  routes,
}: EndpointDetail): Pick<EndpointDetail, 'cleanGateway' | 'routes'> {
  return { ...(cleanGateway !== undefined && { cleanGateway }), ...(routes !== undefined && { routes }) };
}

/** An empty list is left out, as the original does. */
function routesField(routes: RouteSpec[]): { readonly routes?: RouteSpec[] } {
  return routes.length > 0 ? { routes } : {};
}

function routeSpec({ destination, gateway }: Route): RouteSpec {
  return { dst: formatCidr(destination), gw: formatAddress(gateway) };
}

function sameAddresses(a: EndpointDetail, b: EndpointDetail): boolean {
  return a.interface === b.interface && a.ipv4 === b.ipv4 && a.ipv6 === b.ipv6;
}

function buildMetadata(parts: EndpointParts, standing?: EndpointMetadata): EndpointMetadata {
  const { name, pod, nodeHash, records } = parts;
  // References to pods are ours to say: the pod of before must not take the endpoint with it, and a static one outlives its pod.
  const others = (standing?.ownerReferences ?? []).filter((owner) => !isPod(owner));
  const isStatic = records.some(({ owner }) => owner !== undefined);
  const podReference = { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid };
  const ownerReferences = isStatic ? others : [...others, podReference];
  const { ownerReferences: _before, ...rest } = standing ?? {};
  return {
    ...rest,
    namespace: name.namespace,
    name: name.name,
    labels: { ...standing?.labels, [nodeEndpointLabel]: nodeHash },
    ...(ownerReferences.length > 0 && { ownerReferences }),
  };
}

function isPod({ apiVersion: version, kind }: OwnerReference): boolean {
  return version === 'v1' && kind === 'Pod';
}
