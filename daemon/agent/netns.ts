import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NetworkNamespace } from '../../src/ledger/record.ts';

/** How the namespace of a record looks now. */
export type NamespaceState =
  /** Its file still is the one that was seen at ADD. */
  | 'present'
  /** Its file is gone or is another namespace by now, or the machine was started anew. */
  | 'gone'
  /** It was never visible to the agent, or nothing can be said about it now. */
  | 'unknown';

/** Reads the kernel's boot id, which changes with each start of the machine; undefined where there is none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Looks at the namespace that a runtime named in CNI_NETNS: `device` and `inode` are set when it is visible here. */
export function observeNamespace(path: string, bootId: string | undefined): NetworkNamespace {
  const seen = statNamespace(path);
  const boot = bootId !== undefined && { bootId };
  if (seen === undefined || seen === 'unknown') return { path, ...boot };
  return { path, ...seen, ...boot };
}

/**
 * Tells whether the namespace of a record is gone. A missing file counts only while its folder is there: a
 * folder that is not mounted into the agent's view says nothing about what is in it.
 */
export function namespaceState(seenAtAdd: NetworkNamespace, bootId: string | undefined): NamespaceState {
  if (seenAtAdd.bootId !== undefined && bootId !== undefined && seenAtAdd.bootId !== bootId) return 'gone';
  if (seenAtAdd.inode === undefined || seenAtAdd.device === undefined) return 'unknown';
  const now = statNamespace(seenAtAdd.path);
  if (now === 'unknown') return 'unknown';
  if (now === undefined) return folderIsVisible(seenAtAdd.path) ? 'gone' : 'unknown';
  return now.device === seenAtAdd.device && now.inode === seenAtAdd.inode ? 'present' : 'gone';
}

function statNamespace(path: string): { device: bigint; inode: bigint } | undefined | 'unknown' {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return { device: dev, inode: ino };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : 'unknown';
  }
}

/** `/proc/PID/ns/net` of a process that ended has lost its folder too; there /proc itself tells. */
function folderIsVisible(path: string): boolean {
  const folder = path.startsWith('/proc/') ? '/proc/self' : dirname(path);
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
