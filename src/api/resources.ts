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

/** `spec` of a SpiderIPPool; every text as users write it. */
export interface SpiderIPPoolSpec {
  readonly ipVersion?: 4 | 6;
  readonly subnet: string;
  readonly ips?: readonly string[];
  readonly excludeIPs?: readonly string[];
  readonly gateway?: string;
  readonly routes?: readonly RouteSpec[];
  readonly podAffinity?: LabelSelector;
  readonly namespaceAffinity?: LabelSelector;
  readonly nodeAffinity?: LabelSelector;
  readonly namespaceName?: readonly string[];
  readonly nodeName?: readonly string[];
  readonly multusName?: readonly string[];
  readonly default?: boolean;
  readonly disable?: boolean;
}

/** `status` of a SpiderIPPool. Counts saturate at 2^63 - 1 and are exact: bigint. */
export interface SpiderIPPoolStatus {
  /** JSON text: map from address to `{pod, podUid}`. */
  readonly allocatedIPs?: string;
  readonly totalIPCount?: bigint;
  readonly allocatedIPCount?: bigint;
}

/** A pool of addresses of one subnet: cluster scoped. */
export interface SpiderIPPool {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'SpiderIPPool';
  readonly metadata: ObjectMeta;
  readonly spec: SpiderIPPoolSpec;
  readonly status?: SpiderIPPoolStatus;
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
