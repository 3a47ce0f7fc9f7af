/**
 * Keys and names that stand in stored objects, shared with the original: whoever changes one breaks existing clusters.
 */

/** API group of all resources; see `apiVersion` in resources.ts. */
export const apiGroup = 'spiderpool.spidernet.io';

/** Finalizer that keeps a SpiderIPPool until its last address is released. */
export const poolFinalizer = 'spiderpool.spidernet.io';

/** Label of a SpiderIPPool: its subnet, spelled so that a label may carry it. */
export const poolCidrLabel = 'ipam.spidernet.io/ippool-cidr';

/** Finalizer that keeps a SpiderSubnet until no pool has addresses of it. */
export const subnetFinalizer = 'spiderpool.spidernet.io';

/** Label of a SpiderSubnet: its network, spelled as in `poolCidrLabel`. */
export const subnetCidrLabel = 'ipam.spidernet.io/subnet-cidr';

/** Label of a SpiderIPPool: the name of the SpiderSubnet that controls it. */
export const ownerSubnetLabel = 'ipam.spidernet.io/owner-spider-subnet';

/** Label that only pools have which were made for an application (auto pools). */
export const ownerApplicationNameLabel = 'ipam.spidernet.io/owner-application-name';

/** The `matchLabels` keys of an auto pool's podAffinity: they name the owning application. */
export const applicationAffinityKeys = [
  'ipam.spidernet.io/app-api-group',
  'ipam.spidernet.io/app-api-version',
  'ipam.spidernet.io/app-kind',
  'ipam.spidernet.io/app-namespace',
  'ipam.spidernet.io/app-name',
] as const;

/** Annotation of a SpiderIPPool: how long a released address rests before it is used again. */
export const reuseDelayAnnotation = 'ipam.spidernet.io/reuse-delay';

/** Annotation of a SpiderIPPool: `blocks` when its records are in address blocks, so that those of the original were imported. */
export const ledgerAnnotation = 'ipam.spidernet.io/ledger';

/** Value of that annotation. */
export const blocksLedger = 'blocks';

/** Annotations of a pod that select pools, subnets and routes. */
export const podAnnotations = {
  ippool: 'ipam.spidernet.io/ippool',
  ippools: 'ipam.spidernet.io/ippools',
  subnet: 'ipam.spidernet.io/subnet',
  subnets: 'ipam.spidernet.io/subnets',
  routes: 'ipam.spidernet.io/routes',
  defaultRouteNic: 'ipam.spidernet.io/default-route-nic',
} as const;

/** Annotations of a namespace that select pools for its pods, by family. */
export const namespaceAnnotations = {
  4: 'ipam.spidernet.io/default-ipv4-ippool',
  6: 'ipam.spidernet.io/default-ipv6-ippool',
} as const;

/** Annotations in which Multus finds the networks of a pod. */
export const multusAnnotations = {
  defaultNetwork: 'v1.multus-cni.io/default-network',
  networks: 'k8s.v1.cni.cncf.io/networks',
} as const;

/** Annotation of a mirror pod: the UID under which the kubelet runs the static pod. */
export const configHashAnnotation = 'kubernetes.io/config.hash';

/** Label of a SpiderEndpoint: the hash of the node whose agent writes it. */
export const nodeEndpointLabel = 'ipam.spidernet.io/node';

/** Finalizer that the original puts on SpiderEndpoints; nothing here waits for it. */
export const endpointFinalizer = 'spiderpool.spidernet.io';

/** Name of the Lease by which the controllers elect their leader; it lies in their namespace. */
export const controllerLease = 'spiderpool-controller-leases';

/** Annotation of that Lease: whoever wants a garbage collection at once writes a new random text here. */
export const collectionRequestAnnotation = 'ipam.spidernet.io/gc-request';

/** Annotation of that Lease: what came of the collection that was asked for last, JSON; see src/wire/collection-report.ts. */
export const collectionReportAnnotation = 'ipam.spidernet.io/gc-report';
