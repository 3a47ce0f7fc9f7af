import type { ReleaseCondition } from './ledger.ts';
import type { AllocationRecord, Holder, StaticOwner } from './record.ts';
import {
  isImportedOf,
  isOfAttachment,
  isSameAllocation,
  isSameUser,
  sameHolder,
  standsAsRead,
} from './record-equality.ts';

/** A record that a release changes. */
export interface ReleaseStep {
  readonly before: AllocationRecord;
  /** The record without a holder; undefined when the address is freed. */
  readonly after: AllocationRecord | undefined;
  /** Whether a freed address may still answer on the wire. */
  readonly suspect: boolean;
}

/** The records that a release is decided on. */
export interface ReleaseView {
  at(address: AllocationRecord['address']): AllocationRecord | undefined;
  /** Records of this NIC with a holder in this sandbox, or with an imported holder (which has no sandbox) of this pod. */
  ofAttachment(attachment: AttachmentCondition): readonly AllocationRecord[];
  ofOwner(owner: StaticOwner): readonly AllocationRecord[];
}

export type AttachmentCondition = Extract<ReleaseCondition, { readonly by: 'attachment' }>;

/** Decides what a release frees. Changes nothing; a condition that matches nothing gives no step. */
export function planRelease(records: ReleaseView, condition: ReleaseCondition): ReleaseStep[] {
  if (condition.by === 'attachment') {
    const { sandbox, uid, pod } = condition;
    return records
      .ofAttachment(condition)
      .flatMap((record) =>
        without(record, (holder) => isOfAttachment(holder, sandbox, uid) || isImportedOf(holder, pod, uid)),
      );
  }
  if (condition.by === 'owner') {
    const { owner, nic } = condition;
    const kept = records.ofOwner(owner).filter((record) => record.holders.length === 0);
    return kept.filter((record) => nic === undefined || record.nic === nic).map((record) => freed(record));
  }
  const current = records.at(condition.record.address);
  if (current === undefined) return [];
  if (condition.suspect === true && isOutlivingSince(current, condition.record)) return [];
  if (condition.by === 'record') {
    return standsAsRead(current, condition.record) ? [freed(current, condition.suspect)] : [];
  }
  if (!isSameAllocation(current, condition.record)) return [];
  return without(current, (holder) => sameHolder(holder, condition.holder), condition.suspect);
}

/**
 * Whether a node has told since the reading that a pod's namespace outlives it. Who frees as suspect does so because the node is
 * silent, and it was not.
 */
function isOutlivingSince(current: AllocationRecord, read: AllocationRecord): boolean {
  const known = read.holders.filter((holder) => holder.outlivesPod);
  return current.holders.some((holder) => holder.outlivesPod && !known.some((it) => isSameUser(it, holder)));
}

function freed(before: AllocationRecord, suspect = false): ReleaseStep {
  return { before, after: undefined, suspect };
}

function without(
  record: AllocationRecord,
  leaves: (holder: Holder) => boolean,
  suspect = false,
): ReleaseStep[] {
  const holders = record.holders.filter((holder) => !leaves(holder));
  if (holders.length === record.holders.length) return [];
  if (record.owner === undefined) return [freed(record, suspect)];
  return [{ before: record, after: { ...record, holders }, suspect }];
}
