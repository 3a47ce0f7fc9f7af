import type { BigIntStats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestCharactersMax } from '../../src/api/manifest.ts';
import type { ManifestFile } from '../../src/cluster/pool-files.ts';

/** Files that count; editors leave others beside them. */
const manifestName = /^[^.].*\.(ya?ml|json)$/;

/** Files at most. A folder with more is not a folder of pools. */
const filesMax = 1000;

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
      const path = join(folder, name);
      // UTF-8 needs up to 4 bytes a character; a larger file has too many characters for the parser anyway.
      const { size } = await stat(path);
      files.push({
        name,
        text:
          size > 4 * manifestCharactersMax
            ? ' '.repeat(manifestCharactersMax + 1)
            : await readFile(path, 'utf8'),
      });
    } catch (error) {
      // An unreadable file is a bad one, not a removed one: the NUL is no YAML, so that its last good version stays.
      problems.push(`${name} can't be read: ${(error as Error).message}`);
      files.push({ name, text: '\0' });
    }
  }
  return { files, problems };
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
