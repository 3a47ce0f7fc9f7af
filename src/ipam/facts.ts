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
  /** What the cluster's configuration says; undefined without a cluster. */
  readonly multus?: MultusFacts;
  /** `enableSpiderSubnet`: its annotations are then refused, since they are not supported yet. */
  readonly subnetsEnabled?: boolean;
}

/** How the networks of a pod are found (Multus). */
export interface MultusFacts {
  /** `MULTUS_CLUSTER_NETWORK`: the default network as `namespace/name`, where the configuration names it. */
  readonly clusterNetwork?: string;
  /** Namespace of the agent: of network names without one. */
  readonly agentNamespace: string;
}

/** Which families the configuration switches on (`enableIPv4`, `enableIPv6`). */
export type EnabledFamilies = Readonly<Record<Family, boolean>>;
