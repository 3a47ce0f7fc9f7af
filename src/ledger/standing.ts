import { type Address, familyOf } from '../ip/address.ts';
import type { PoolRange, Want } from '../ipam/want.ts';
import type { Claimant, WantRefusal } from './ledger.ts';
import type { AllocationRecord } from './record.ts';

/** The record that serves a want, of those that stand for the claimant's pod and then for its owner. */
export function standingFor(
  records: readonly AllocationRecord[],
  want: Want,
  claimant: Claimant,
): AllocationRecord | undefined {
  const serving = records.filter((record) => isOfUse(record, want) && isKept(record, want, claimant));
  return serving.find((record) => record.address === want.requested) ?? serving[0];
}

/** The owner's records for the NIC and family of a want that it does not keep: freed by the claim that replaces them. */
export function supersededBy(
  records: readonly AllocationRecord[],
  want: Want,
  claimant: Claimant,
): AllocationRecord[] {
  return records.filter((record) => isOfUse(record, want) && !isKept(record, want, claimant));
}

/** Why a standing record can't serve a want; undefined when it can. */
export function refuseStanding(want: Want, standing: AllocationRecord): WantRefusal | undefined {
  if (want.requested === undefined || want.requested === standing.address) return undefined;
  return { cause: 'requested-differs', want, standing };
}

/** The record of an address that a claim takes. */
export function newRecord(
  want: Want,
  pool: PoolRange,
  address: Address,
  { claimant, nowMs }: { readonly claimant: Claimant; readonly nowMs: number },
): AllocationRecord {
  const { holder, network, owner } = claimant;
  return {
    address,
    pool: pool.name,
    network,
    nic: want.nic,
    sinceMs: nowMs,
    ...(owner && { owner: { kind: owner.kind, namespace: owner.namespace, name: owner.name } }),
    holders: [holder],
  };
}

function isOfUse(record: AllocationRecord, want: Want): boolean {
  return record.nic === want.nic && familyOf(record.address) === want.family;
}

/**
 * Whether a record serves a want wherever its pool is: the pod holds it already (an answered ADD stands), or another pod
 * that lives on holds it too (a migration), or its pool is one of those that the want keeps.
 */
function isKept(record: AllocationRecord, want: Want, { holder, owner }: Claimant): boolean {
  if (want.keepPools === undefined || want.keepPools.has(record.pool)) return true;
  if (record.holders.some((it) => it.uid === holder.uid)) return true;
  return owner?.takeover === 'share' && record.holders.length > 0;
}
