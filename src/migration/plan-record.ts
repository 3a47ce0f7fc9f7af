import type { AllocatedIp } from '../api/allocated-ips.ts';
import { staticKinds } from '../cluster/kubernetes/static-owner.ts';
import { ifNameProblem } from '../cni/if-name.ts';
import { familyOf, formatAddress } from '../ip/address.ts';
import { firstNic, furtherNic } from '../ipam/pod-networks.ts';
import { nameHash } from '../ledger/blocks/labels.ts';
import type { AllocationRecord, Holder, PodName, StaticOwner } from '../ledger/record.ts';
import { countKey, type LivePod, type OriginalEndpoint, type OriginalFacts } from './original-facts.ts';

/** Stands for a node that nobody knows any more. No node can be called so. */
export const unknownNode = '?';

/** Hexadecimal digits in the name of an unknown NIC: with the `?` 15 characters, as many as a NIC's name may have. */
const unknownNicDigits = 14;

/** A record as it is to be written. */
export interface PlannedRecord {
  readonly record: AllocationRecord;
  /** Of a static record without holders: the node that had it last. */
  readonly keptOn: string | undefined;
  /** What a person should know of it, in words that follow the address. */
  readonly notes: readonly string[];
}

/**
 * Makes a record of an entry of `status.allocatedIPs`. The entry knows no NIC and no node: the SpiderEndpoint tells them, and the pod.
 * What they don't tell is given a name that nothing else has: an address that may be in use must never be free.
 */
export function planRecord(
  entry: AllocatedIp,
  pool: string,
  facts: OriginalFacts,
  nowMs: number,
): PlannedRecord {
  const { address, podUid } = entry;
  const endpoint = facts.endpoints.get(entry.pod);
  const pod = facts.podsByUid.get(podUid);
  const owner = ownerOf(entry, endpoint, pod);
  const { nic, notes } = nicOf(entry, { endpoint, pod, facts });
  const node = nodeOf(entry, endpoint, pod);
  const isKept = owner !== undefined && pod === undefined;
  const name = pod ?? podName(entry.pod);
  const holder: Holder = {
    uid: podUid,
    sandbox: '',
    node,
    pod: { namespace: name.namespace, name: name.name },
  };
  return {
    record: {
      address,
      pool,
      network: '',
      nic,
      sinceMs: nowMs,
      ...(owner && { owner }),
      holders: isKept ? [] : [holder],
    },
    keptOn: isKept ? node : undefined,
    notes: pod === undefined && !isKept ? [...notes, `its pod ${told(entry.pod)} does not exist`] : notes,
  };
}

/** Whether a NIC's name was made up because nothing told it. */
export function isUnknownNic(nic: string): boolean {
  return nic.startsWith('?');
}

function ownerOf(
  { pod: name }: AllocatedIp,
  endpoint: OriginalEndpoint | undefined,
  pod: LivePod | undefined,
): StaticOwner | undefined {
  if (endpoint !== undefined) return endpoint.owner;
  // The original names a virtual machine instance only when it keeps the machine's addresses.
  if (pod?.machine === undefined || name !== `${pod.namespace}/${pod.machine}`) return undefined;
  return { kind: staticKinds.virtualMachineInstance, namespace: pod.namespace, name: pod.machine };
}

function nodeOf(
  { podUid }: AllocatedIp,
  endpoint: OriginalEndpoint | undefined,
  pod: LivePod | undefined,
): string {
  // An endpoint of another pod tells only of a static owner where that was last.
  const known = endpoint?.uid === podUid || endpoint?.owner !== undefined ? endpoint.node : '';
  return pod?.node || known || unknownNode;
}

interface NicFacts {
  readonly endpoint: OriginalEndpoint | undefined;
  readonly pod: LivePod | undefined;
  readonly facts: OriginalFacts;
}

function nicOf(
  { address, pod: podText, podUid }: AllocatedIp,
  { endpoint, pod, facts }: NicFacts,
): { readonly nic: string; readonly notes: readonly string[] } {
  const text = formatAddress(address);
  const places = (endpoint?.nics ?? []).flatMap(({ addresses }, index) =>
    addresses.includes(text) ? [index] : [],
  );
  const [place] = places;
  if (endpoint !== undefined && place !== undefined) {
    const { nic, isGuess } = nicAt(endpoint, place, pod);
    const notes = isGuess ? [`its NIC is taken for ${nic}: the SpiderEndpoint has no name for it`] : [];
    if (places.length > 1) {
      const names = places.map((one) => nicAt(endpoint, one, pod).nic).join(', ');
      notes.push(`the NICs ${names} of pod ${told(podText)} share it: it is recorded for ${nic} alone`);
    }
    return { nic, notes };
  }
  const isOnly = (facts.counts.get(countKey(podUid, familyOf(address))) ?? 0) <= 1;
  const isOfPod = endpoint !== undefined && endpoint.uid === podUid && endpoint.nics.length > 0;
  if (podUid !== '' && isOnly && !isOfPod) return { nic: firstNic, notes: [] };
  const nic = `?${nameHash(text).slice(0, unknownNicDigits)}`;
  return {
    nic,
    notes: [`no SpiderEndpoint tells its NIC: it stays with pod ${told(podText)} until that is gone`],
  };
}

/** The name of a NIC by its place, as the original fills it in (facts of the original, "multiple NIC with no name"). */
function nicAt(
  { nics }: OriginalEndpoint,
  place: number,
  pod: LivePod | undefined,
): { readonly nic: string; readonly isGuess: boolean } {
  const nic = nics[place]?.nic ?? '';
  if (ifNameProblem(nic) === undefined) return { nic, isGuess: false };
  if (place === 0) return { nic: firstNic, isGuess: false };
  const named = pod?.furtherNics?.[place - 1];
  return { nic: named ?? furtherNic(undefined, place - 1), isGuess: named === undefined };
}

function podName(text: string): PodName {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, Math.max(slash, 0)), name: text.slice(slash + 1) };
}

function told(pod: string): string {
  return pod === '' ? '(unreadable)' : pod;
}
