import { createHash } from 'node:crypto';
import { createReadStream, globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runOrThrow } from '../../test/support/run-command.ts';

/** Some 300 MB are compressed by one core; a loaded machine gets its time. */
const archiveTimeoutMs = 10 * 60_000;

/** Writes `SHA256SUMS` over all files of a folder, for `sha256sum -c`. */
export async function writeChecksums(folder: string): Promise<void> {
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'SHA256SUMS')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
  const lines: string[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, file)), hash);
    lines.push(`${hash.digest('hex')}  ${file}\n`);
  }
  await writeFile(join(folder, 'SHA256SUMS'), lines.join(''));
}

/**
 * Packs a folder into `<archive>.tar.gz` beside it, in which it is called as the archive. The same files give the same archive.
 *
 * @param parent absolute path of the folder that holds it
 */
export async function writeArchive(parent: string, name: string, archive: string): Promise<void> {
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const renamed = `--transform=s,^${name},${archive},`;
  const file = join(parent, `${archive}.tar.gz`);
  await runOrThrow('tar', ['-C', parent, ...reproducible, renamed, '-czf', file, name], {
    timeoutMs: archiveTimeoutMs,
  });
}
