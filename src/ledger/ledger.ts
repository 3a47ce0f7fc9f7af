import type { Address } from '../ip/address.ts';
import type { ChoiceClass, Chooser } from '../ipam/choose.ts';
import type { PoolRange, Want } from '../ipam/want.ts';
import type { AllocationRecord, Holder, PodName, ReleasedRecord, StaticOwner } from './record.ts';

/** Who asks for addresses. */
export interface Claimant {
  readonly holder: Holder;
  /** Name of the CNI network configuration. */
  readonly network: string;
  /**
   * Set for static workloads. Standing records are then found by (owner, NIC) and the holder takes them over:
   * `move` replaces the holders, `share` adds one beside the newest (live migration).
   */
  readonly owner?: StaticOwner & { readonly takeover: 'move' | 'share' };
}

/** How the addresses of one pool are used right now. */
export interface PoolUsage {
  readonly pool: string;
  /** Records of this pool, including those outside of its present ranges. */
  readonly allocated: number;
  /** Records of this pool whose address no longer is in its eligible ranges. */
  readonly outside: number;
  /** Eligible addresses that still rest after their release. */
  readonly cooling: number;
  /** Eligible addresses that were freed while their node was unreachable. */
  readonly suspect: number;
  /** Eligible addresses that were never used or have cooled down. */
  readonly free: bigint;
}

/** Why a want could not be served. */
export type WantRefusal =
  | { readonly cause: 'exhausted'; readonly want: Want; readonly pools: readonly PoolUsage[] }
  | { readonly cause: 'requested-taken'; readonly want: Want; readonly by: AllocationRecord }
  | { readonly cause: 'requested-outside'; readonly want: Want }
  /** The NIC holds another address already, so the requested one is not given beside it. */
  | { readonly cause: 'requested-differs'; readonly want: Want; readonly standing: AllocationRecord };

/** An address that serves a want. */
export interface ClaimedAddress {
  readonly want: Want;
  readonly record: AllocationRecord;
  /** True when the record stood before this claim. */
  readonly standing: boolean;
}

/** What came of a claim: every want served, in their order, or nothing allocated and every reason. */
export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly addresses: readonly ClaimedAddress[] }
  | { readonly kind: 'refused'; readonly refusals: readonly WantRefusal[] };

/** What a dry run of a claim would answer. */
export type PreviewOutcome =
  | {
      readonly kind: 'claimable';
      readonly addresses: readonly {
        readonly want: Want;
        readonly address: Address;
        readonly pool: string;
        readonly class: ChoiceClass | 'standing';
      }[];
    }
  | { readonly kind: 'refused'; readonly refusals: readonly WantRefusal[] };

/** Which records a release is about. Nothing else is ever touched, and a condition that matches nothing changes nothing. */
export type ReleaseCondition =
  /** CNI DEL: the attachment (sandbox, NIC); the uid is compared when both sides have one. A static record loses this holder and stays. */
  | {
      readonly by: 'attachment';
      readonly sandbox: string;
      readonly nic: string;
      readonly uid?: string;
      /** Records that were imported from the original have no sandbox (it is empty): they match any DEL of their pod. */
      readonly pod?: PodName;
    }
  /** Exactly this record, if it still stands as it was read: same address, NIC, time and holders. Frees static records too. */
  | { readonly by: 'record'; readonly record: AllocationRecord; readonly suspect?: boolean }
  /**
   * One holder of a record that was read, as `attachment` would, but only on this address and only if it still is as it was
   * read, its namespace included: a container that was started again since, under the same id, has another one. For sweeps.
   */
  | {
      readonly by: 'holder';
      readonly record: AllocationRecord;
      readonly holder: Holder;
      readonly suspect?: boolean;
    }
  /** Records of a static owner that is no longer valid and that no holder uses. */
  | { readonly by: 'owner'; readonly owner: StaticOwner; readonly nic?: string };

/** Which records to read; every field that is set must match. */
export interface RecordFilter {
  readonly address?: Address;
  readonly pool?: string;
  readonly network?: string;
  /** Node of a holder. Asked of this node, a store of many nodes also shows what nobody holds and was last here. */
  readonly node?: string;
  readonly uid?: string;
  readonly sandbox?: string;
  readonly nic?: string;
  /** Pod of a holder. */
  readonly pod?: PodName;
  readonly owner?: StaticOwner;
}

/** Which part of the matching records. */
export interface PageOptions {
  /** Records at most. @default 500, at most 5000 */
  readonly limit?: number;
  /** Only records after this address, in the order IPv4 before IPv6, ascending. */
  readonly after?: Address;
}

/** How long a claim is waited for. */
export interface ClaimOptions {
  /** Ends the caller's wait; never a write that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * The record of who has which address. Every method rejects with LedgerError when the store can't be read or
 * written. Whatever a method has answered is durable.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Serves all wants or none. The same claimant asking again for the same NIC and family gets what stands
   * (and its sandbox committed to all of its records), so a lost answer can be asked for again.
   */
  claim(
    claimant: Claimant,
    wants: readonly Want[],
    chooser: Chooser,
    options?: ClaimOptions,
  ): Promise<ClaimOutcome>;

  /** What `claim` would answer now. Writes nothing. */
  preview(claimant: Claimant, wants: readonly Want[], chooser: Chooser): Promise<PreviewOutcome>;

  /** Commits a new sandbox of the same pod to all records of its uid. Returns the records as they now stand. */
  confirm(holder: Holder): Promise<readonly AllocationRecord[]>;

  /** Releases what matches, and returns the records that were freed or that lost a holder, as they were before. */
  release(condition: ReleaseCondition): Promise<readonly AllocationRecord[]>;

  /** Live records in address order, a page at a time. */
  records(filter: RecordFilter, page?: PageOptions): Promise<readonly AllocationRecord[]>;

  /** Who had this address last, if it was released and the trace is still kept. */
  lastHolder(address: Address): Promise<ReleasedRecord | undefined>;

  /** Counts for these pools, in their order. */
  usage(pools: readonly PoolRange[]): Promise<readonly PoolUsage[]>;
}
