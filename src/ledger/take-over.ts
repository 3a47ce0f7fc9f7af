import type { Claimant } from './ledger.ts';
import type { AllocationRecord, Holder } from './record.ts';

/** The record with a new sandbox of a pod that holds it already; the order of the holders stays. */
export function withNewSandbox(record: AllocationRecord, holder: Holder): AllocationRecord {
  return { ...record, holders: record.holders.map((it) => (it.uid === holder.uid ? holder : it)) };
}

/**
 * A standing record as it is after its pod, or the next pod of its static owner, asked for it again. The network
 * follows the attachment, because the garbage collection of a network frees by it.
 */
export function takenOver(record: AllocationRecord, claimant: Claimant): AllocationRecord {
  const { holder, network, owner } = claimant;
  const named = { ...record, network };
  if (owner === undefined) return withNewSandbox(named, holder);
  const owned = { ...named, owner: { kind: owner.kind, namespace: owner.namespace, name: owner.name } };
  if (owner.takeover === 'move') return { ...owned, holders: [holder] };
  if (record.holders.some((it) => it.uid === holder.uid)) return withNewSandbox(owned, holder);
  // At most two: the newest of those that were there, and the one that joins it.
  return { ...owned, holders: [...record.holders.slice(-1), holder] };
}
