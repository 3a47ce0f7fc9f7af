import type { Address } from '../../ip/address.ts';
import type { AllocationRecord, Holder, NetworkNamespace, ReleasedRecord, StaticOwner } from '../record.ts';
import { isSameUser, saysSameOfHolder } from '../record-equality.ts';

/** What a slot of a block says of its address. */
export type Slot =
  /** It was never used, or nothing is known of it any more. */
  | { readonly kind: 'unused' }
  | {
      readonly kind: 'record';
      readonly record: AllocationRecord;
      /** Of a static record without holders: the node that had it last. */
      readonly keptOn: string | undefined;
    }
  | { readonly kind: 'freed'; readonly released: ReleasedRecord }
  /** Written by something else or newer: taken, whatever it means. */
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A slot as it stands in the object. What is in it besides the fields that are known here is kept. */
export type RawSlot = Readonly<Record<string, unknown>>;

/** The slot of an address that was never used. */
export const unusedSlot: RawSlot = {};

const recordFields = ['pool', 'network', 'nic', 'since', 'owner', 'holders', 'node'] as const;
const holderFields = ['uid', 'sandbox', 'node', 'pod', 'netns', 'outlives'] as const;
/** RFC 3339 in UTC, as JavaScript and Go print it. */
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const decimalPattern = /^\d{1,39}$/;

/** Reads a slot. Never throws: what can't be read is told as such. */
export function decodeSlot(address: Address, raw: unknown): Slot {
  try {
    const slot = objectOf(raw, 'the slot');
    if (Object.keys(slot).length === 0) return { kind: 'unused' };
    if (slot['freed'] === undefined) return decodeRecord(address, slot);
    const { record } = decodeRecord(address, objectOf(slot['last'], 'last'));
    const freedMs = timeOf(slot['freed'], 'freed');
    return { kind: 'freed', released: { last: record, freedMs, suspect: slot['suspect'] === true } };
  } catch (error) {
    if (error instanceof UnreadableSlot) return { kind: 'unreadable', reason: error.message };
    throw error;
  }
}

/**
 * Writes a record.
 * @param before the slot as it stood with the same allocation, whose unknown fields are kept
 * @param keptOn of a static record without holders: the node that had it last
 */
export function encodeRecord(record: AllocationRecord, before?: RawSlot, keptOn?: string): RawSlot {
  const { pool, network, nic, sinceMs, owner, holders } = record;
  const holdersBefore = Array.isArray(before?.['holders']) ? before['holders'] : [];
  return {
    ...without(before, recordFields),
    pool,
    network,
    nic,
    since: timeText(sinceMs),
    ...(owner && { owner: { kind: owner.kind, namespace: owner.namespace, name: owner.name } }),
    holders: holders.map((holder) => encodeHolder(holder, holdersBefore)),
    ...(holders.length === 0 && keptOn !== undefined && { node: keptOn }),
  };
}

/** Writes the mark of a release over a record. */
export function encodeFreed(before: RawSlot, freedMs: number, suspect: boolean): RawSlot {
  return { freed: timeText(freedMs), ...(suspect && { suspect: true }), last: before };
}

class UnreadableSlot extends Error {
  override readonly name = 'UnreadableSlot';
}

function decodeRecord(address: Address, raw: RawSlot): Extract<Slot, { kind: 'record' }> {
  const owner = raw['owner'] === undefined ? undefined : ownerOf(raw['owner']);
  const rawHolders = raw['holders'];
  if (!Array.isArray(rawHolders)) throw new UnreadableSlot('holders is no list');
  const holders = rawHolders.map(holderOf);
  if (owner === undefined && holders.length !== 1) {
    throw new UnreadableSlot(`a record without an owner has ${holders.length} holders`);
  }
  const record: AllocationRecord = {
    address,
    pool: textOf(raw['pool'], 'pool'),
    network: textOf(raw['network'], 'network'),
    nic: textOf(raw['nic'], 'nic'),
    sinceMs: timeOf(raw['since'], 'since'),
    ...(owner && { owner }),
    holders,
  };
  const keptOn = raw['node'] === undefined ? undefined : textOf(raw['node'], 'node');
  return { kind: 'record', record, keptOn: holders.length === 0 ? keptOn : undefined };
}

function ownerOf(raw: unknown): StaticOwner {
  const owner = objectOf(raw, 'owner');
  return {
    kind: textOf(owner['kind'], 'owner.kind'),
    namespace: textOf(owner['namespace'], 'owner.namespace'),
    name: textOf(owner['name'], 'owner.name'),
  };
}

function holderOf(raw: unknown): Holder {
  const holder = objectOf(raw, 'a holder');
  const pod = textOf(holder['pod'], 'pod');
  const slash = pod.indexOf('/');
  if (slash < 0) throw new UnreadableSlot('pod is no namespace/name');
  return {
    uid: textOf(holder['uid'], 'uid'),
    sandbox: textOf(holder['sandbox'], 'sandbox'),
    node: textOf(holder['node'], 'node'),
    pod: { namespace: pod.slice(0, slash), name: pod.slice(slash + 1) },
    ...(holder['netns'] !== undefined && { netns: netnsOf(holder['netns']) }),
    ...(holder['outlives'] === true && { outlivesPod: true }),
  };
}

function netnsOf(raw: unknown): NetworkNamespace {
  const netns = objectOf(raw, 'netns');
  const { device, inode, boot } = netns;
  return {
    path: textOf(netns['path'], 'netns.path'),
    ...(device !== undefined && { device: decimalOf(device, 'netns.device') }),
    ...(inode !== undefined && { inode: decimalOf(inode, 'netns.inode') }),
    ...(boot !== undefined && { bootId: textOf(boot, 'netns.boot') }),
  };
}

function encodeHolder(holder: Holder, holdersBefore: readonly unknown[]): RawSlot {
  const { uid, sandbox, node, pod, netns, outlivesPod } = holder;
  const before = holdersBefore.find((raw) => isOfUser(raw, holder));
  // As it stands: a node may not change the holder of another one, not even what a newer agent knows of it.
  if (isObject(before) && saysSameOfHolder(holderOf(before), holder)) return before;
  return {
    ...without(before, holderFields),
    uid,
    sandbox,
    node,
    pod: `${pod.namespace}/${pod.name}`,
    ...(netns && { netns: encodeNetns(netns) }),
    ...(outlivesPod && { outlives: true }),
  };
}

function isOfUser(raw: unknown, holder: Holder): boolean {
  return (
    isObject(raw) &&
    isSameUser({ ...holder, uid: String(raw['uid']), sandbox: String(raw['sandbox']) }, holder)
  );
}

function encodeNetns({ path, device, inode, bootId }: NetworkNamespace): RawSlot {
  return {
    path,
    ...(device !== undefined && { device: device.toString() }),
    ...(inode !== undefined && { inode: inode.toString() }),
    ...(bootId !== undefined && { boot: bootId }),
  };
}

function without(raw: unknown, fields: readonly string[]): Record<string, unknown> {
  if (!isObject(raw)) return {};
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !fields.includes(key)));
}

function isObject(raw: unknown): raw is RawSlot {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw);
}

function objectOf(raw: unknown, what: string): RawSlot {
  if (!isObject(raw)) throw new UnreadableSlot(`${what} is no object`);
  return raw;
}

function textOf(raw: unknown, what: string): string {
  if (typeof raw !== 'string') throw new UnreadableSlot(`${what} is no text`);
  return raw;
}

function decimalOf(raw: unknown, what: string): bigint {
  if (typeof raw !== 'string' || !decimalPattern.test(raw)) throw new UnreadableSlot(`${what} is no number`);
  return BigInt(raw);
}

function timeOf(raw: unknown, what: string): number {
  const ms = typeof raw === 'string' && timePattern.test(raw) ? Date.parse(raw) : Number.NaN;
  if (Number.isNaN(ms)) throw new UnreadableSlot(`${what} is no time`);
  return ms;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
