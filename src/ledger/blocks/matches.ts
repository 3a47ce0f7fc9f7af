import type { RecordFilter } from '../ledger.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import { sameOwner } from '../record-equality.ts';

/** Whether a record matches a filter: what is asked of a holder is asked of one and the same. */
export function matches(record: AllocationRecord, filter: RecordFilter): boolean {
  const { address, pool, network, nic, owner, uid, sandbox, node, pod } = filter;
  if (address !== undefined && record.address !== address) return false;
  if (pool !== undefined && record.pool !== pool) return false;
  if (network !== undefined && record.network !== network) return false;
  if (nic !== undefined && record.nic !== nic) return false;
  if (owner !== undefined && !sameOwner(record.owner, owner)) return false;
  if (uid === undefined && sandbox === undefined && node === undefined && pod === undefined) return true;
  return record.holders.some((holder) => isAsked(holder, filter));
}

function isAsked(holder: Holder, { uid, sandbox, node, pod }: RecordFilter): boolean {
  if (uid !== undefined && holder.uid !== uid) return false;
  if (sandbox !== undefined && holder.sandbox !== sandbox) return false;
  if (node !== undefined && holder.node !== node) return false;
  return pod === undefined || (holder.pod.namespace === pod.namespace && holder.pod.name === pod.name);
}
