import type { Address, Family } from '../ip/address.ts';
import type { Cidr } from '../ip/cidr.ts';
import type { RangeSet } from '../ip/range-set.ts';

/** A pool that may serve a want, reduced to what the choice of an address needs. */
export interface PoolRange {
  /** Name of the SpiderIPPool. */
  readonly name: string;
  readonly family: Family;
  /** The pool's subnet; all of `eligible` lies in it. */
  readonly subnet: Cidr;
  /**
   * The addresses that may be handed out: the pool's `ips` less `excludeIPs` less the reserved addresses.
   * The same object stands for the same pool and reservation, so a ledger may key what it derives by identity.
   */
  readonly eligible: RangeSet;
  /** How long a released address rests before it is used again, in milliseconds. */
  readonly reuseDelayMs: number;
}

/** One address that an ADD needs: one NIC, one family. */
export interface Want {
  /** Name of the NIC in the pod, such as `eth0`. */
  readonly nic: string;
  readonly family: Family;
  /** Pools in the order in which they are tried; the next one is asked when one is exhausted. */
  readonly pools: readonly PoolRange[];
  /** The address that the caller insists on; `pools` are then only those that contain it. */
  readonly requested?: Address;
  /**
   * Static workloads only: names of the pools in which a record of the owner is kept. A record of the owner for this NIC and
   * family in another pool does not serve this want: a new address is claimed, and that record is freed by the same claim.
   * Undefined keeps every record.
   */
  readonly keepPools?: ReadonlySet<string>;
}
