import type { Family } from '../ip/address.ts';
import type { PoolCatalog } from './pool.ts';

/** Labels or annotations of a Kubernetes object. */
export type Labels = Readonly<Record<string, string>>;

/** What the decisions know of the node, the namespace and the pod of a request. Labels are undefined where no cluster tells them. */
export interface ClusterFacts {
  readonly node: { readonly name: string; readonly labels?: Labels };
  /** Undefined when the runtime named no pod. */
  readonly namespace?: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly pod?: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly catalog: PoolCatalog;
}

/** Which families the configuration switches on (`enableIPv4`, `enableIPv6`). */
export type EnabledFamilies = Readonly<Record<Family, boolean>>;
