import type { AllocatedIp } from '../api/allocated-ips.ts';
import { staticKinds } from '../cluster/kubernetes/static-owner.ts';
import type { ImportedRecord } from '../ledger/blocks/record-import.ts';
import type { LivePod, OriginalFacts } from './original-facts.ts';

/** Stands for the pod of an address that is kept without one, when nobody remembers it. The original compares it, and no more. */
const noPodUid = '00000000-0000-0000-0000-000000000000';

/** A record as the original writes it. */
export interface PlannedEntry extends AllocatedIp {
  /** Who uses it now; undefined when its pod does not exist. */
  readonly livePod: LivePod | undefined;
  /** What a person should know of it, in words that follow the address. */
  readonly notes: readonly string[];
}

/** Makes an entry of `status.allocatedIPs` of a record: of its newest holder, or of what keeps it. */
export function planEntry(
  { record }: ImportedRecord,
  { endpoints, podsByUid }: Pick<OriginalFacts, 'endpoints' | 'podsByUid'>,
): PlannedEntry {
  const { address, owner, holders } = record;
  const holder = holders.at(-1);
  const isMachine = owner?.kind === staticKinds.virtualMachineInstance;
  const named = owner !== undefined && (isMachine || holder === undefined) ? owner : holder?.pod;
  const pod = named === undefined || named.name === '' ? '' : `${named.namespace}/${named.name}`;
  const livePod = podsByUid.get(holder?.uid ?? '');
  // A static pod is known to its runtime by another UID than to the API server.
  const podUid = livePod?.uid ?? holder?.uid ?? endpoints.get(pod)?.uid ?? noPodUid;
  const notes: string[] = [];
  if (pod === '')
    notes.push('it is recorded for a container without a pod: the original frees it at its next collection');
  if (holders.length > 1)
    notes.push(`${holders.length} pods share it (a migration): it is recorded for the newest`);
  return { address, pod, podUid, livePod, notes };
}
