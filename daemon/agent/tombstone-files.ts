import { createHash, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, link, lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeTombstone,
  encodeTombstone,
  isTombstoneFileName,
  type Tombstone,
  tombstoneBytesMax,
  tombstoneFileName,
  tombstonesMax,
} from '../../src/cni/tombstone.ts';

const folderMode = 0o700;
const fileMode = 0o600;

/** Writers, the plugin too, draft under such a name before they link the finished file. */
const draftName = /^\.[0-9a-f]{64}\.json\.\d+$/;

/** A draft older than this has no writer any more. */
const draftMsMax = 60_000;

/** What a file of the folder holds. */
export type TombstoneFile =
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone }
  /** Not written by us, or damaged. */
  | { readonly kind: 'damaged'; readonly problem: string };

/** The folder of tombstones: one small file for each DEL that still has to be done. The plugin writes into it too. */
export class TombstoneFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the folder, makes it root's alone, and removes the drafts of writers that were killed. */
  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: folderMode });
    await chmod(this.folder, folderMode);
    for (const name of await readdir(this.folder)) {
      if (!draftName.test(name)) continue;
      const found = await stat(join(this.folder, name)).catch(ignoreMissing);
      if (found !== undefined && Date.now() - found.mtimeMs > draftMsMax) await this.remove(name);
    }
  }

  /** Name of the file for an attachment. */
  nameFor(sandbox: string, nic: string): string {
    return tombstoneFileName(sandbox, nic, (text) => createHash('sha256').update(text).digest('hex'));
  }

  /** Names of the tombstones in the folder. */
  async list(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => isTombstoneFileName(name));
  }

  /** True when there is a tombstone of this name. Asked synchronously: every ADD does, and nearly always there is none. */
  exists(name: string): boolean {
    return statSync(join(this.folder, name), { throwIfNoEntry: false }) !== undefined;
  }

  /** What a file holds; undefined when there is none of that name. */
  async read(name: string): Promise<TombstoneFile | undefined> {
    const path = join(this.folder, name);
    const found = await lstat(path).catch(ignoreMissing);
    if (found === undefined) return undefined;
    if (!found.isFile()) return { kind: 'damaged', problem: 'is not a file' };
    if (found.size > tombstoneBytesMax)
      return { kind: 'damaged', problem: `is larger than ${tombstoneBytesMax} bytes` };
    const decoded = decodeTombstone(await readFile(path, 'utf8'));
    if (!decoded.ok) return { kind: 'damaged', problem: decoded.problem };
    return { kind: 'tombstone', tombstone: decoded.tombstone };
  }

  /** Writes a tombstone so that it survives a power cut. One that exists already stays as it is. */
  async write(tombstone: Tombstone): Promise<void> {
    if ((await this.list()).length >= tombstonesMax)
      throw new Error(`${this.folder} holds ${tombstonesMax} tombstones already`);
    const name = this.nameFor(tombstone.containerId, tombstone.ifName);
    const path = join(this.folder, name);
    const draft = join(this.folder, `.${name}.${process.pid}`);
    try {
      await writeDurably(draft, encodeTombstone(tombstone));
      await link(draft, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    } finally {
      await rm(draft, { force: true });
    }
    await syncFolder(this.folder);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true });
  }

  /** Puts a file that can't be used aside, under a name that is never played back. */
  async setAside(name: string): Promise<string> {
    const path = join(this.folder, name);
    const aside = `${path}.damaged`;
    try {
      await rename(path, aside);
      return aside;
    } catch {
      // What has that name already can't be replaced: a folder, for one.
      const another = `${path}.${randomUUID()}.damaged`;
      await rename(path, another);
      return another;
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', fileMode);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
