import type { ClusterFacts } from '../ipam/facts.ts';
import type { PoolCatalog } from '../ipam/pool.ts';

/** The pod of a request as the runtime named it; undefined fields were not given. */
export interface PodReference {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** Something about the pools that an operator should know. */
export interface PoolCondition {
  readonly type: 'Overlap' | 'OutsideAllocations' | 'BadManifest' | 'DuplicateName' | 'Deleting';
  readonly message: string;
}

/** What the decisions need to know of pods, namespaces, the node and the pools: here from a folder, on a cluster from the API server. */
export interface Cluster {
  /** Name of the node that this agent serves. */
  readonly nodeName: string;

  /**
   * Which records of the ledger are of this node: by its name on a cluster, and all where the ledger is the node's own, since a
   * host may change its name.
   */
  readonly ownRecords: { readonly node?: string };

  /** The pools as they are now. */
  catalog(): PoolCatalog;

  /** Conditions of a pool, worst first. */
  conditions(poolName: string): readonly PoolCondition[];

  /**
   * Facts for one request, consistent in themselves.
   *
   * @throws CniError with code 108 when the pod is known not to be alive, 11 when the facts can't be read now
   */
  facts(pod: PodReference, options: { readonly signal: AbortSignal }): Promise<ClusterFacts>;
}
