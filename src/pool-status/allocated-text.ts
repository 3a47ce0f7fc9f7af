import { type AllocatedIp, formatAllocatedIps } from '../api/allocated-ips.ts';
import { staticKinds } from '../cluster/kubernetes/static-owner.ts';
import type { AllocationRecord } from '../ledger/record.ts';

/** Above so many records the map is left out: it would fill the API server's store with its own history. */
export const ALLOCATED_RECORDS_MAX = 500;

/**
 * `status.allocatedIPs` as the original writes it. Undefined where it is left out: without a record, and above
 * {@link ALLOCATED_RECORDS_MAX}.
 */
export function allocatedText(records: Iterable<AllocationRecord>): string | undefined {
  const entries: AllocatedIp[] = [];
  for (const record of records) {
    if (entries.length === ALLOCATED_RECORDS_MAX) return undefined;
    entries.push({ address: record.address, pod: podOf(record), podUid: uidOf(record) });
  }
  return formatAllocatedIps(entries);
}

/** `namespace/name` of what has the address: the original names the machine of a KubeVirt pod, not the pod. */
function podOf({ owner, holders }: AllocationRecord): string {
  const pod = holders.at(-1)?.pod;
  if (owner !== undefined && (pod === undefined || owner.kind === staticKinds.virtualMachineInstance)) {
    return `${owner.namespace}/${owner.name}`;
  }
  return pod === undefined || pod.namespace === '' ? (pod?.name ?? '') : `${pod.namespace}/${pod.name}`;
}

/** The newest pod's; empty while the address is kept for an owner without one. */
function uidOf({ holders }: AllocationRecord): string {
  return holders.at(-1)?.uid ?? '';
}
