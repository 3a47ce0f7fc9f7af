/**
 * The JSON that the agent's socket speaks to people and to `spiderpoolctl` (the CNI verbs answer CNI objects instead).
 * `GET /v1/openapi.json` describes the same shapes. Counts may exceed 2^53: they are JSON integers, read and
 * written without loss, and bigint here. Times are RFC 3339 texts in UTC.
 */

/** A pool with the counts of this moment. */
export interface PoolShape {
  readonly name: string;
  readonly ipVersion: 4 | 6;
  readonly subnet: string;
  readonly gateway?: string;
  /** Addresses of `ips` less `excludeIPs`. */
  readonly total: bigint;
  /** Records of this pool. */
  readonly allocated: bigint;
  /** Addresses that were never used or have cooled down. */
  readonly free: bigint;
  /** Released addresses that still rest; given only when no free one is left. */
  readonly cooling: bigint;
  /** Addresses of `total` that SpiderReservedIPs take away. */
  readonly reserved: bigint;
  /** Addresses of `ips` that `excludeIPs` takes away. */
  readonly excluded: bigint;
  readonly disabled: boolean;
  readonly default: boolean;
  readonly conditions: readonly ConditionShape[];
}

export interface ConditionShape {
  readonly type: string;
  readonly message: string;
}

/** Body of `GET /v1/pools`. */
export interface PoolsShape {
  readonly pools: readonly PoolShape[];
  /** Problems of manifests that concern no pool in force. */
  readonly problems: readonly string[];
}

export interface HolderShape {
  readonly uid: string;
  /** Container id of the sandbox. */
  readonly sandbox: string;
  readonly node: string;
  /** `namespace/name`; empty where the runtime named no pod. */
  readonly pod: string;
  readonly netns?: { readonly path: string; readonly device?: string; readonly inode?: string };
}

/** One allocated address. */
export interface AllocationShape {
  readonly address: string;
  readonly pool: string;
  readonly network: string;
  readonly nic: string;
  /** When it was allocated. */
  readonly since: string;
  readonly owner?: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly holders: readonly HolderShape[];
}

/**
 * Body of `GET /v1/allocations`, filtered by the query `pool`, `node`, `uid`, `sandbox`, `nic`, `network`; a page
 * has `limit` records (default 500, at most 5000), and `next` is the `after` of the following page.
 */
export interface AllocationsShape {
  readonly allocations: readonly AllocationShape[];
  readonly next?: string;
}

/** Body of `GET /v1/allocations/{address}`: who has the address, and else who had it last. */
export interface WhoShape {
  readonly address: string;
  /** Pools whose addresses contain it. */
  readonly pools: readonly string[];
  readonly allocation?: AllocationShape;
  readonly last?: { readonly allocation: AllocationShape; readonly freed: string; readonly suspect: boolean };
}

/** Body of the answer to `DELETE /v1/allocations/{address}`: the record that was released. */
export interface ReleasedShape {
  readonly released: AllocationShape;
}

/** Body of the answer to `POST /v1/gc`: one pass of the sweep, as it would happen by itself. */
export interface SweepShape {
  /** Records looked at. */
  readonly examined: number;
  /** Records whose network namespace is gone for the first time; they are freed by a later pass. */
  readonly suspected: number;
  /** Addresses that were freed. */
  readonly freed: readonly string[];
}

export interface ExplainCandidateShape {
  readonly pool: string;
  readonly accepted: boolean;
  /** Why not; set exactly when it was not accepted. */
  readonly reason?: string;
}

/** One NIC and family of an explained ADD. */
export interface ExplainNicShape {
  readonly nic: string;
  readonly family: 4 | 6;
  readonly source: string;
  readonly candidates: readonly ExplainCandidateShape[];
  /** The address with its prefix length that an ADD would get now. */
  readonly address?: string;
  /** The pool that gives it. */
  readonly pool?: string;
}

/** Body of the answer to `POST /v1/explain`, whose request is that of `POST /v1/cni/add`. */
export interface ExplainShape {
  readonly nics: readonly ExplainNicShape[];
  /** Why the ADD would fail. */
  readonly error?: ErrorShape;
}

/** Body of every refusal on the routes for people. */
export interface ErrorShape {
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}
