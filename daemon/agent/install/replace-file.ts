import { randomUUID } from 'node:crypto';
import { chmod, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallError } from './install-error.ts';

/** A draft this old has no writer any more: one is copied, synced and tried in less. */
const draftMsMax = 5 * 60_000;

/** What is written into a draft, and what has to hold before it takes its place. */
export interface Replacement {
  /** Permissions of the file. */
  readonly mode: number;
  /** Writes the draft. */
  readonly write: (draft: string) => Promise<void>;
  /** The last word before the rename, by the draft's name in the folder; false leaves everything as it is. */
  readonly accept?: (draftName: string) => Promise<boolean>;
}

/**
 * Puts a file in place in one step that survives a power cut: who opens it finds the old or the new one, whole. The draft stands in the same
 * folder under a name that runtimes ignore, and never stays behind.
 *
 * @returns whether it was accepted
 * @throws InstallError when the folder can't be written
 */
export async function replaceFile(folder: string, name: string, replacement: Replacement): Promise<boolean> {
  const draftName = `${draftPrefix(name)}${randomUUID()}`;
  const draft = join(folder, draftName);
  try {
    await explained(folder, async () => {
      await replacement.write(draft);
      await chmod(draft, replacement.mode);
      await sync(draft);
    });
    if (replacement.accept !== undefined && !(await replacement.accept(draftName))) return false;
    await explained(folder, async () => {
      await rename(draft, join(folder, name));
      await sync(folder);
    });
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the drafts of runs that were killed. */
export async function removeStaleDrafts(folder: string, name: string): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const entry of await explained(folder, async () => readdir(folder))) {
    // Without a suffix it is of an installer that copies by hand.
    if (!entry.startsWith(draftPrefix(name)) && entry !== `.${name}.new`) continue;
    const found = await stat(join(folder, entry)).catch(() => undefined);
    if (found === undefined || !found.isFile() || Date.now() - found.mtimeMs < draftMsMax) continue;
    await rm(join(folder, entry), { force: true });
    removed.push(entry);
  }
  return removed;
}

function draftPrefix(name: string): string {
  return `.${name}.new-`;
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

const advice: Readonly<Record<string, string>> = {
  EROFS: 'it is mounted read-only: mount the folder of the host writable',
  EACCES: 'this process may not write there: run it as root, in a container with the capability DAC_OVERRIDE',
  EPERM: 'this process may not write there: run it as root, and look for a security module that forbids it',
  ENOSPC: 'the file system is full: make room for the plugin, about 120 MB',
  ENOENT: 'it is not there',
  EISDIR: 'a folder has the name of the file: remove it',
  ENOTDIR: 'it is not a folder',
};

async function explained<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const what = advice[code];
    throw new InstallError(
      `can't write into ${folder}${what === undefined ? '' : `: ${what}`} (${message})`,
      {
        cause: error,
      },
    );
  }
}
