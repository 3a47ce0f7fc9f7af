import { familyOf } from '../../ip/address.ts';
import type { Want } from '../../ipam/want.ts';
import type { Claimant } from '../ledger.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import type { Outcome } from './subjects.ts';

export type ClaimOutcomeSeen = Extract<Outcome, { kind: 'claim' }>;
export type ReleaseOutcome = Extract<Outcome, { kind: 'release' }>;

/** What a release makes of a record: nothing, or the record without a holder; undefined when it is not concerned. */
export function lost(
  record: AllocationRecord,
  { condition }: ReleaseOutcome,
): AllocationRecord[] | undefined {
  if (condition.by === 'owner') {
    const isNic = condition.nic === undefined || condition.nic === record.nic;
    return record.owner?.name === condition.owner.name && isNic && record.holders.length === 0
      ? []
      : undefined;
  }
  if (condition.by === 'record') return sameJson(record, condition.record) ? [] : undefined;
  let leaving: readonly Holder[];
  if (condition.by === 'attachment') {
    const { sandbox, nic, uid } = condition;
    leaving = record.holders.filter(
      (it) => record.nic === nic && it.sandbox === sandbox && (uid === undefined || it.uid === uid),
    );
  } else {
    const isRead = record.address === condition.record.address && record.sinceMs === condition.record.sinceMs;
    leaving = record.holders.filter((it) => isRead && it.sandbox === condition.holder.sandbox);
  }
  if (leaving.length === 0) return undefined;
  if (record.owner === undefined) return [];
  return [{ ...record, holders: record.holders.filter((it) => !leaving.includes(it)) }];
}

/** The records that stood before a claim as they are after it. */
export function afterClaim(
  was: readonly AllocationRecord[],
  { claimant, wants }: ClaimOutcomeSeen,
): AllocationRecord[] {
  const { holder, owner } = claimant;
  const refreshed = withHolder(was, holder);
  const wanted = new Set(wants.map((want) => standing(was, claimant, want)?.address));
  return refreshed.map((record) => {
    if (owner === undefined || !wanted.has(record.address)) return record;
    const isHolder = record.holders.some((it) => it.uid === holder.uid);
    if (owner.takeover === 'share' && isHolder) return record;
    const others = owner.takeover === 'share' ? record.holders.slice(-1) : [];
    return Object.assign({}, record, { holders: [...others, holder] });
  });
}

/** The records with a new sandbox of a pod that holds some of them. */
export function withHolder(records: readonly AllocationRecord[], holder: Holder): AllocationRecord[] {
  return records.map((record) => ({
    ...record,
    holders: record.holders.map((it) => (it.uid === holder.uid ? holder : it)),
  }));
}

/** The record that a claim finds for a want. */
export function standing(
  records: readonly AllocationRecord[],
  { holder, owner }: Claimant,
  want: Want,
): AllocationRecord | undefined {
  return records.find(
    (record) =>
      record.nic === want.nic &&
      familyOf(record.address) === want.family &&
      (record.holders.some((it) => it.uid === holder.uid) ||
        (owner !== undefined && record.owner?.name === owner.name)),
  );
}

/** Whether two values are equal as far as JSON, with bigints, tells. */
export function sameJson(a: unknown, b: unknown): boolean {
  return jsonOf(a) === jsonOf(b);
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, it: unknown) => (typeof it === 'bigint' ? `${it}n` : it));
}
