import type { CniError } from '../cni/error.ts';
import type { Route } from '../cni/result.ts';
import type { Address, Family } from '../ip/address.ts';
import type { CatalogPool } from './pool.ts';
import type { SourceName } from './sources.ts';

/** A pool that was considered; it was rejected exactly when there is a reason. */
export interface Candidate {
  readonly name: string;
  readonly reason?: string;
}

/** The pools for one family of a NIC. */
export interface FamilyPlan {
  readonly family: Family;
  /** Accepted ones in the order in which they are tried, then the rejected ones. */
  readonly candidates: readonly Candidate[];
  readonly accepted: readonly CatalogPool[];
  readonly requested?: Address;
}

/** The decision for one NIC, before any address is chosen. */
export interface NicPlan {
  readonly nic: string;
  readonly source: SourceName;
  readonly cleanGateway: boolean;
  readonly families: readonly FamilyPlan[];
  /** Families that the source names and the configuration switches off. */
  readonly switchedOff: readonly Family[];
}

/** Which pools may serve the NICs of an ADD, and why others may not. */
export interface AddPlan {
  readonly nics: readonly NicPlan[];
  /** Routes of the pod's annotation, for `assignCustomRoutes`. */
  readonly customRoutes: readonly Route[];
  /** Why the ADD can't go on; the plan then shows how far it came. */
  readonly problem?: CniError;
}
