import type * as FileSystem from 'node:fs';
import {
  defaultStateDir,
  encodeTombstone,
  type Tombstone,
  tombstoneFileName,
  tombstoneFolder,
  tombstonesMax,
} from '../../src/cni/tombstone.ts';

/** Folders of the state are root's alone. */
const folderMode = 0o700;
const fileMode = 0o600;

/**
 * Leaves a tombstone for the agent to play back; durable when this returns. One that is there already is as good.
 * @param stateDir SPIDERPOOL_STATE_DIR, which only the runtime can set. @default /var/lib/spidernet
 * @throws {Error} when the folder is not ours alone, is full, or can't be written
 */
export async function writeTombstone(tombstone: Tombstone, stateDir = defaultStateDir): Promise<void> {
  const fs = await import('node:fs');
  if (!stateDir.startsWith('/') || stateDir.includes('\0')) {
    throw new Error('SPIDERPOOL_STATE_DIR must be an absolute path');
  }
  const folder = `${stateDir}/${tombstoneFolder}`;
  fs.mkdirSync(folder, { recursive: true, mode: folderMode });
  const folderFd = fs.openSync(
    folder,
    fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW,
  );
  const stats = fs.fstatSync(folderFd);
  if (stats.uid !== process.geteuid?.()) throw new Error(`${folder} belongs to user ${stats.uid}`);
  if ((stats.mode & 0o077) !== 0) fs.fchmodSync(folderFd, folderMode);
  if (fs.readdirSync(folder).length >= tombstonesMax) {
    throw new Error(`${folder} is full: ${tombstonesMax} files`);
  }
  const name = tombstoneFileName(tombstone.containerId, tombstone.ifName, sha256hex);
  const temporary = `${folder}/.${name}.${process.pid}`;
  // A file of this name is what a killed process with the same number left behind.
  fs.rmSync(temporary, { force: true });
  const fd = fs.openSync(temporary, 'wx', fileMode);
  try {
    fs.writeFileSync(fd, encodeTombstone(tombstone));
    fs.fsyncSync(fd);
    linkExclusively(fs, temporary, `${folder}/${name}`);
  } finally {
    fs.unlinkSync(temporary);
  }
  fs.fsyncSync(folderFd);
}

function sha256hex(text: string): string {
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}

function linkExclusively(fs: typeof FileSystem, from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
