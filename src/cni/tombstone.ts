import { isJsonObject } from './field-reader.ts';
import { storedTextMax, storedTextProblem } from './stored-text.ts';

/**
 * A DEL that the agent has still to do: the plugin (or the agent itself, when its store is away) leaves it as a small
 * file, and the agent plays it back. It is a condition, not an order: it frees what this attachment holds, nothing else.
 */
export interface Tombstone {
  readonly containerId: string;
  readonly ifName: string;
  readonly podNamespace?: string;
  readonly podName?: string;
  readonly podUid?: string;
  /** Name of the CNI network configuration. */
  readonly network?: string;
  readonly netns?: string;
  /** When the DEL was asked for, in milliseconds since the epoch. */
  readonly createdMs: number;
}

/** A tombstone, or why a text is none. */
export type DecodedTombstone =
  | { readonly ok: true; readonly tombstone: Tombstone }
  | { readonly ok: false; readonly problem: string };

/** A tombstone file is never larger; what is, was not written by us. */
export const tombstoneBytesMax = 4096;

/** Tombstones in the folder: some hours of a busy node without an agent. More would only slow its start down. */
export const tombstonesMax = 10_000;

/** Name of the folder within the state folder. */
export const tombstoneFolder = 'tombstones';

/** State folder unless SPIDERPOOL_STATE_DIR names another. */
export const defaultStateDir = '/var/lib/spidernet';

const formatVersion = 1;

const optionalTexts = {
  podNamespace: storedTextMax.podNamespace,
  podName: storedTextMax.podName,
  podUid: storedTextMax.podUid,
  network: storedTextMax.network,
  netns: storedTextMax.netns,
} as const;

const optionalKeys = ['podNamespace', 'podName', 'podUid', 'network', 'netns'] as const;

const knownKeys = new Set<string>(['version', 'containerId', 'ifName', 'createdMs', ...optionalKeys]);

const fileNamePattern = /^[0-9a-f]{64}\.json$/;

/**
 * Name of the file for an attachment: a hash, so that nothing from outside gets into a path. One DEL more often is the
 * same file.
 * @param sha256hex SHA-256 of the text's UTF-8 bytes, in lower case hexadecimal
 */
export function tombstoneFileName(
  containerId: string,
  ifName: string,
  sha256hex: (text: string) => string,
): string {
  return `${sha256hex(`${containerId}\0${ifName}`)}.json`;
}

/** True for names that tombstoneFileName makes; temporary files of a writer have others. */
export function isTombstoneFileName(name: string): boolean {
  return fileNamePattern.test(name);
}

/**
 * The file's text. Optional texts that may not be stored, or for which there is no room, are left out: the container id
 * and the interface are what decides.
 */
export function encodeTombstone(tombstone: Tombstone): string {
  const { containerId, ifName, createdMs } = tombstone;
  let kept: Record<string, string | number> = { version: formatVersion, containerId, ifName, createdMs };
  let text = `${JSON.stringify(kept)}\n`;
  for (const key of optionalKeys) {
    const value = tombstone[key];
    if (value === undefined || value === '' || storedTextProblem(value, optionalTexts[key]) !== undefined)
      continue;
    const more = { ...kept, [key]: value };
    const longer = `${JSON.stringify(more)}\n`;
    if (new TextEncoder().encode(longer).length > tombstoneBytesMax) continue;
    [kept, text] = [more, longer];
  }
  return text;
}

/** Reads a file's text. Strict: an unknown key, version or type makes it invalid, so that nothing is freed by accident. */
export function decodeTombstone(text: string): DecodedTombstone {
  if (new TextEncoder().encode(text).length > tombstoneBytesMax)
    return bad(`larger than ${tombstoneBytesMax} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad('not JSON');
  }
  if (!isJsonObject(value)) return bad('not a JSON object');
  const { version, containerId, ifName, createdMs } = value;
  if (!Object.keys(value).every((key) => knownKeys.has(key))) return bad('has an unknown key');
  if (version !== formatVersion) return bad(`version is not ${formatVersion}`);
  if (!isStoredText(containerId, storedTextMax.containerId)) return bad('containerId is missing or invalid');
  if (!isStoredText(ifName, storedTextMax.ifName)) return bad('ifName is missing or invalid');
  if (typeof createdMs !== 'number' || !Number.isSafeInteger(createdMs) || createdMs < 0) {
    return bad('createdMs is not a time');
  }
  const optional: Partial<Record<(typeof optionalKeys)[number], string>> = {};
  for (const key of optionalKeys) {
    const given = value[key];
    if (given === undefined) continue;
    if (!isStoredText(given, optionalTexts[key])) return bad(`${key} is invalid`);
    optional[key] = given;
  }
  return { ok: true, tombstone: { containerId, ifName, createdMs, ...optional } };
}

function isStoredText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value !== '' && storedTextProblem(value, lengthMax) === undefined;
}

function bad(problem: string): DecodedTombstone {
  return { ok: false, problem };
}
