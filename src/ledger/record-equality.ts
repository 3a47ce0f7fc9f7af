import type { AllocationRecord, Holder, PodName, StaticOwner } from './record.ts';

/** Whether two holders are the same one, in every field. That it outlives its pod is something that is seen of it later. */
export function sameHolder(a: Holder, b: Holder): boolean {
  return (
    isSameUser(a, b) &&
    a.node === b.node &&
    a.pod.namespace === b.pod.namespace &&
    a.pod.name === b.pod.name &&
    a.netns?.path === b.netns?.path &&
    a.netns?.device === b.netns?.device &&
    a.netns?.inode === b.netns?.inode &&
    a.netns?.bootId === b.netns?.bootId
  );
}

/** Whether two holders stand for one use of an address: the same pod in the same sandbox. */
export function isSameUser(a: Holder, b: Holder): boolean {
  return a.uid === b.uid && a.sandbox === b.sandbox;
}

/** Whether two static owners are the same one; none is the same as none. */
export function sameOwner(a: StaticOwner | undefined, b: StaticOwner | undefined): boolean {
  return a?.kind === b?.kind && a?.namespace === b?.namespace && a?.name === b?.name;
}

/** A static owner as one text, by which it is found in maps. None of its parts has a slash. */
export function ownerKey({ kind, namespace, name }: StaticOwner): string {
  return `${kind}/${namespace}/${name}`;
}

/** Whether two records of one address say the same. */
export function sameRecord(a: AllocationRecord, b: AllocationRecord): boolean {
  return (
    isSameAllocation(a, b) &&
    a.pool === b.pool &&
    a.network === b.network &&
    sameOwner(a.owner, b.owner) &&
    a.holders.length === b.holders.length &&
    a.holders.every((holder, i) => saysSameOfHolder(holder, b.holders[i] ?? holder))
  );
}

/** Whether two holders are the same one, and the same was seen of it. */
export function saysSameOfHolder(a: Holder, b: Holder): boolean {
  return sameHolder(a, b) && a.outlivesPod === b.outlivesPod;
}

/** Whether two records are of one allocation: the address was not given to somebody else between the two readings. */
export function isSameAllocation(a: AllocationRecord, b: AllocationRecord): boolean {
  return a.address === b.address && a.nic === b.nic && a.sinceMs === b.sinceMs;
}

/** Whether a record still stands as it was read: the same allocation with the same users. */
export function standsAsRead(current: AllocationRecord, read: AllocationRecord): boolean {
  return (
    isSameAllocation(current, read) &&
    current.holders.length === read.holders.length &&
    current.holders.every((holder, i) => {
      const before = read.holders[i];
      return before !== undefined && isSameUser(holder, before);
    })
  );
}

/**
 * Whether a holder is the attachment of a sandbox. The sandbox decides; the uid is compared when both sides have one. A side has none when its runtime passed no pod,
 * and then the sandbox stands in its place.
 */
export function isOfAttachment(holder: Holder, sandbox: string, uid: string | undefined): boolean {
  if (holder.sandbox !== sandbox) return false;
  if (uid === undefined || uid === '' || uid === sandbox) return true;
  return holder.uid === uid || holder.uid === sandbox;
}

/** Whether a holder was imported from the original, which knew no sandboxes, and is of this pod. The uid is compared when both sides have one. */
export function isImportedOf(holder: Holder, pod: PodName | undefined, uid: string | undefined): boolean {
  if (holder.sandbox !== '' || pod === undefined) return false;
  if (holder.pod.namespace !== pod.namespace || holder.pod.name !== pod.name) return false;
  return !uid || holder.uid === '' || holder.uid === uid;
}
