import { type BigIntStats, constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestCharactersMax } from '../../src/api/manifest.ts';
import type { ManifestFile } from '../../src/cluster/pool-files.ts';

/** Files that count; editors leave others beside them. */
const manifestName = /^[^.].*\.(ya?ml|json)$/;

/** Files at most. A folder with more is not a folder of pools. */
const filesMax = 1000;

/** UTF-8 needs up to 4 bytes a character: what is longer has too many for the parser anyway. */
const manifestBytesMax = 4 * manifestCharactersMax;

/** Reads all manifests; `files` is undefined when the folder itself can't be read. */
export async function readManifestFiles(
  folder: string,
): Promise<{ files: readonly ManifestFile[] | undefined; problems: readonly string[] }> {
  const listed = await listManifests(folder);
  if (listed === undefined) {
    return {
      files: undefined,
      problems: [
        `${folder} can't be read: the pools of before stay in force; create it and put manifests in`,
      ],
    };
  }
  const problems: string[] = [];
  if (listed.length > filesMax)
    problems.push(`${folder} has ${listed.length} manifests: only the first ${filesMax} are read`);
  const files: ManifestFile[] = [];
  for (const name of listed.slice(0, filesMax)) {
    try {
      files.push({ name, text: await readManifest(join(folder, name)) });
    } catch (error) {
      // An unreadable file is a bad one, not a removed one: the NUL is no YAML, so that its last good version stays.
      problems.push(`${name} can't be read: ${(error as Error).message}`);
      files.push({ name, text: '\0' });
    }
  }
  return { files, problems };
}

/** Reads a file, and of one that is too large only so much that the parser refuses it. */
async function readManifest(path: string): Promise<string> {
  // A pipe that nobody writes to would keep a plain open waiting for ever.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) throw new Error('it is not a file');
  const buffer = Buffer.alloc(manifestBytesMax + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.toString('utf8', 0, length);
    length += bytesRead;
  }
}

async function listManifests(folder: string): Promise<string[] | undefined> {
  try {
    return (await readdir(folder)).filter((name) => manifestName.test(name)).toSorted();
  } catch {
    return undefined;
  }
}

/**
 * Inode, size and change time of every manifest as a text that differs when any file does, and the newest change, a file's
 * removal included: a file that is written anew by removing it first must not be taken for a removed one.
 */
export async function readSignature(folder: string): Promise<{ text: string; newestMs: number }> {
  const names = (await listManifests(folder)) ?? ['missing'];
  let newestMs = Number((await statOrNothing(folder))?.mtimeMs ?? 0n);
  const parts = await Promise.all(
    names.slice(0, filesMax + 1).map(async (name) => {
      const found = await statOrNothing(join(folder, name));
      newestMs = Math.max(newestMs, Number(found?.mtimeMs ?? 0n));
      return `${name}:${found?.ino}:${found?.size}:${found?.mtimeNs}`;
    }),
  );
  return { text: parts.join('\n'), newestMs };
}

async function statOrNothing(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}
