import { type Address, formatAddress, parseAddress } from '../ip/address.ts';
import { isObject } from './decode.ts';
import { quote } from './quote.ts';

/** Characters of a text that is read: etcd takes objects of 1.5 MiB, and some are set up for more. */
const textLengthMax = 8 * 2 ** 20;

/** `namespace/name` of a pod or a virtual machine instance, as names of Kubernetes may be, without what could mislead a reader or a terminal. */
const podPattern = /^[\w.-]{1,63}\/[\w.-]{1,253}$/;
/** UIDs have 36 characters; static pods have others. */
const uidPattern = /^[\w.:-]{1,128}$/;

/** What the original's encoder (Go's encoding/json) writes as an escape in texts, besides what JSON demands. */
const escapedByGo = /[<>&\u2028\u2029]/g;

/** One record of `status.allocatedIPs` of a pool. */
export interface AllocatedIp {
  readonly address: Address;
  /** `namespace/name` of the pod, or of the virtual machine instance; empty when it can't be read. */
  readonly pod: string;
  /** Empty when it can't be read. */
  readonly podUid: string;
}

/** Something in the text that the original would not have written. */
export interface StrangeEntry {
  /** As it stands. */
  readonly key: string;
  /** What is wrong with it, and what was made of it. */
  readonly reason: string;
}

/** What `status.allocatedIPs` says. */
export type AllocatedIps =
  | {
      readonly ok: true;
      /** In the order of the text; each address once. */
      readonly entries: readonly AllocatedIp[];
      readonly strange: readonly StrangeEntry[];
    }
  /** Nothing of it can be read. */
  | { readonly ok: false; readonly reason: string };

/**
 * Reads `status.allocatedIPs` of a SpiderIPPool (facts of the original: a JSON object, the address as the key). An address whose
 * pod can't be read is an entry all the same, because it may be in use; a key that is no address is only reported. Of a
 * key that stands twice the last one counts, as for the original.
 *
 * @param text undefined and `null` have no record
 */
export function parseAllocatedIps(text: string | undefined): AllocatedIps {
  if (text === undefined || text.trim() === '') return { ok: true, entries: [], strange: [] };
  if (text.length > textLengthMax) {
    return { ok: false, reason: `it has ${text.length} characters, more than ${textLengthMax}` };
  }
  const value = parseJson(text);
  if (value === null) return { ok: true, entries: [], strange: [] };
  if (!isObject(value)) return { ok: false, reason: 'it is no JSON object' };
  const entries = new Map<Address, AllocatedIp>();
  const strange: StrangeEntry[] = [];
  for (const [key, record] of Object.entries(value)) {
    const address = parseAddress(key);
    if (address === undefined) {
      strange.push({ key, reason: 'no address: left out' });
    } else if (entries.has(address)) {
      strange.push({ key, reason: `the same address as ${formatAddress(address)}: left out` });
    } else {
      const { reasons, ...entry } = readEntry(address, record);
      entries.set(address, entry);
      if (reasons.length > 0) strange.push({ key, reason: reasons.join(', ') });
    }
  }
  return { ok: true, entries: [...entries.values()], strange };
}

/**
 * Writes `status.allocatedIPs` byte by byte as the original's encoder does: keys in the order of their texts, no blanks.
 *
 * @returns undefined without entries: the original leaves the field out
 */
export function formatAllocatedIps(entries: Iterable<AllocatedIp>): string | undefined {
  const members = [...entries].map(({ address, pod, podUid }) => ({
    key: formatAddress(address),
    value: `{"pod":${goText(pod)},"podUid":${goText(podUid)}}`,
  }));
  if (members.length === 0) return undefined;
  members.sort((a, b) => (a.key < b.key ? -1 : 1));
  return `{${members.map(({ key, value }) => `${goText(key)}:${value}`).join(',')}}`;
}

function readEntry(address: Address, record: unknown): AllocatedIp & { readonly reasons: readonly string[] } {
  const { pod, podUid } = isObject(record) ? record : {};
  const reasons: string[] = [];
  const read = (name: string, value: unknown, pattern: RegExp): string => {
    if (typeof value === 'string' && pattern.test(value)) return value;
    reasons.push(value === undefined ? `${name} is missing` : `${name} is ${quote(value)}`);
    return '';
  };
  return {
    address,
    pod: read('pod', pod, podPattern),
    podUid: read('podUid', podUid, uidPattern),
    reasons,
  };
}

/** Undefined when it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function goText(text: string): string {
  return JSON.stringify(text).replace(
    escapedByGo,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
