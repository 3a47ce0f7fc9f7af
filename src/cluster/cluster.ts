import type { ClusterFacts } from '../ipam/facts.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import type { Holder, StaticOwner } from '../ledger/record.ts';

/** The pod of a request as the runtime named it; undefined fields were not given. */
export interface PodReference {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
}

/** Something about the pools that an operator should know. */
export interface PoolCondition {
  readonly type:
    | 'Overlap'
    | 'OutsideAllocations'
    | 'BadManifest'
    | 'DuplicateName'
    | 'Deleting'
    | 'OriginalRecords';
  readonly message: string;
}

/** Facts for one request, consistent in themselves. */
export interface RequestFacts extends ClusterFacts {
  /** UID of the pod, where the cluster knows it and the runtime gave none. */
  readonly uid?: string;
  /** Set when the pod's addresses outlive it: StatefulSet pods and KubeVirt VMs, where the configuration keeps theirs. */
  readonly owner?: StaticOwner & { readonly takeover: 'move' | 'share' };
}

/** Whether the pod of a holder may still use its addresses. */
export type PodState =
  | 'living'
  /** Its deletion was asked for. Its containers may run for as long as it lets them: their network namespace tells, or the pod's end. */
  | 'ending'
  /** Finished, replaced by another of its name, or not there any more. The containers of one that was deleted by force may run on. */
  | 'gone'
  /** The API server was not heard lately: counts as living, until it is read. */
  | 'unheard'
  /** Nothing tells of pods: a host without a cluster, a holder that names none. */
  | 'unknown';

/** Who uses an address, as far as a pod's state needs it. */
export type PodHolder = Pick<Holder, 'uid' | 'sandbox' | 'pod'>;

/** How long an answer is waited for. */
export interface ClusterReadOptions {
  readonly signal?: AbortSignal;
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

  /**
   * Looks for pools that were made or changed just now, of which nothing was heard yet. Never fails but by the signal.
   *
   * @returns whether the catalogue is another than before, or may be
   */
  catchUp(options: { readonly signal: AbortSignal }): Promise<boolean>;

  /** Conditions of a pool, worst first. */
  conditions(poolName: string): readonly PoolCondition[];

  /**
   * Facts for one request, consistent in themselves.
   *
   * @throws CniError with code 108 when the pod is known not to be alive, 11 when the facts can't be read now
   */
  facts(pod: PodReference, options: { readonly signal: AbortSignal }): Promise<RequestFacts>;

  /** The state of a holder's pod as last heard of; costs nothing. */
  podState(holder: PodHolder): PodState;

  /** How long the containers of a holder's pod get to end, by what was last heard of it, in milliseconds; 0 when that is not known. */
  endingGraceMs(holder: PodHolder): number;

  /**
   * The state of a holder's pod by a reading of its own (on a cluster a quorum read); never `unheard`.
   *
   * @throws CniError with code 11 when it can't be read now
   */
  readPodState(holder: PodHolder, options?: ClusterReadOptions): Promise<PodState>;

  /**
   * Whether a static owner still keeps its addresses (the StatefulSet exists and has this ordinal; the VM exists).
   *
   * @throws CniError with code 11 when it can't be read now
   */
  isOwnerValid(owner: StaticOwner, options?: ClusterReadOptions): Promise<boolean>;
}
