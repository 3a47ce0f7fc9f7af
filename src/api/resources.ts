import type { LabelSelector } from './label-selector.ts';

/** API group and version of all resources of this project and of the original. */
export const apiVersion = 'spiderpool.spidernet.io/v2beta1';

/** The part of Kubernetes' ObjectMeta that this project reads or writes. */
export interface ObjectMeta {
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

/** The part of Kubernetes' OwnerReference that this project reads or writes. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** A route in a resource: texts as users write them. */
export interface RouteSpec {
  readonly dst: string;
  readonly gw: string;
}

/** What pools and subnets say of their network; every text as users write it. */
export interface NetworkSpec {
  readonly ipVersion?: 4 | 6;
  readonly subnet: string;
  readonly ips?: readonly string[];
  readonly excludeIPs?: readonly string[];
  readonly gateway?: string;
  readonly routes?: readonly RouteSpec[];
}

/** `spec` of a SpiderIPPool. */
export interface SpiderIPPoolSpec extends NetworkSpec {
  readonly podAffinity?: LabelSelector;
  readonly namespaceAffinity?: LabelSelector;
  readonly nodeAffinity?: LabelSelector;
  readonly namespaceName?: readonly string[];
  readonly nodeName?: readonly string[];
  readonly multusName?: readonly string[];
  readonly default?: boolean;
  readonly disable?: boolean;
}

/** One thing that is the case or not, as Kubernetes tells it (metav1.Condition). */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** When `status` became what it is: RFC 3339 in UTC, whole seconds. */
  readonly lastTransitionTime: string;
  /** `metadata.generation` that this was told of. */
  readonly observedGeneration?: number;
}

/** `status` of a SpiderIPPool. Counts saturate at 2^63 - 1 and are exact: bigint. The original knows the first three. */
export interface SpiderIPPoolStatus {
  /** JSON text: map from address to `{pod, podUid}`. */
  readonly allocatedIPs?: string;
  readonly totalIPCount?: bigint;
  readonly allocatedIPCount?: bigint;
  /** Addresses that can be given right now, those that cool down not among them. */
  readonly freeIPCount?: bigint;
  /** Addresses that were released a short while ago. */
  readonly coolingIPCount?: bigint;
  /** Addresses that were freed while their node was away: they may still answer. */
  readonly suspectIPCount?: bigint;
  /** Addresses of `totalIPCount` that SpiderReservedIPs take away. */
  readonly reservedIPCount?: bigint;
  readonly conditions?: readonly Condition[];
}

/** A pool of addresses of one subnet: cluster scoped. */
export interface SpiderIPPool {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'SpiderIPPool';
  readonly metadata: ObjectMeta;
  readonly spec: SpiderIPPoolSpec;
  readonly status?: SpiderIPPoolStatus;
}

/** `status` of a SpiderSubnet. Counts saturate at 2^63 - 1 and are exact: bigint. */
export interface SpiderSubnetStatus {
  /** JSON text: map from pool to `{ips, application}`; see controlled-pools.ts. */
  readonly controlledIPPools?: string;
  readonly totalIPCount?: bigint;
  readonly allocatedIPCount?: bigint;
}

/** A network whose addresses are distributed to pools: cluster scoped. */
export interface SpiderSubnet {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'SpiderSubnet';
  readonly metadata: ObjectMeta;
  readonly spec: NetworkSpec;
  readonly status?: SpiderSubnetStatus;
}

/** `spec` of a SpiderReservedIP; every text as users write it. */
export interface SpiderReservedIPSpec {
  readonly ipVersion?: 4 | 6;
  readonly ips?: readonly string[];
}

/** Addresses that no pod gets, whichever pool has them: cluster scoped. */
export interface SpiderReservedIP {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'SpiderReservedIP';
  readonly metadata: ObjectMeta;
  readonly spec: SpiderReservedIPSpec;
}
