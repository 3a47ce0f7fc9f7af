import type { LabelSelector } from '../api/label-selector.ts';
import type { Route } from '../cni/result.ts';
import type { Address, Family } from '../ip/address.ts';
import type { Cidr } from '../ip/cidr.ts';
import type { RangeSet } from '../ip/range-set.ts';
import type { PoolRange } from './want.ts';

/** A SpiderIPPool whose texts have been parsed once. */
export interface Pool {
  readonly name: string;
  readonly family: Family;
  readonly subnet: Cidr;
  /** `spec.ips`. */
  readonly addresses: RangeSet;
  /** `spec.excludeIPs`. */
  readonly excluded: RangeSet;
  readonly gateway?: Address;
  readonly routes: readonly Route[];
  readonly disabled: boolean;
  /** True once its deletion was asked for: no new addresses, releases go on. */
  readonly deleting: boolean;
  /** True for a cluster default pool. */
  readonly isDefault: boolean;
  readonly podAffinity?: LabelSelector;
  readonly namespaceAffinity?: LabelSelector;
  readonly nodeAffinity?: LabelSelector;
  readonly namespaceNames: readonly string[];
  readonly nodeNames: readonly string[];
  readonly multusNames: readonly string[];
  readonly reuseDelayMs: number;
  /** True for a pool that was made for one application (label `owner-application-name`). */
  readonly isAutoPool: boolean;
  /** True when the pool holds records of the original that were not imported: its addresses may be in use unknown to the ledger. */
  readonly hasOriginalRecords: boolean;
  /** True when the pool says that its records are in address blocks: those of the original, if it had any, were imported. */
  readonly isInBlocks: boolean;
}

/** A pool together with what the reserved addresses leave of it. */
export interface CatalogPool {
  readonly pool: Pool;
  readonly range: PoolRange;
  /** Size of `ips` less `excludeIPs`: what the original calls totalIPCount. */
  readonly total: bigint;
  /** Addresses of `ips` that `excludeIPs` takes away. */
  readonly excluded: bigint;
  /** Addresses of `total` that SpiderReservedIPs take away. */
  readonly reserved: bigint;
}

/** All pools at one moment. Immutable: a change makes a new catalogue. */
export interface PoolCatalog {
  /** In the order of their names. */
  readonly pools: readonly CatalogPool[];
  readonly byName: ReadonlyMap<string, CatalogPool>;
}
