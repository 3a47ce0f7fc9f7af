import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runOrThrow } from './run-command.ts';

/**
 * Puts the loader and the libraries that an executable of this machine is linked against into a root file system.
 *
 * @param folder the root; it becomes readable for every user
 */
export async function addLibraries(folder: string, executable: string): Promise<void> {
  await chmod(folder, 0o755);
  const listed = await runOrThrow('ldd', [executable]);
  for (const [library] of listed.matchAll(/\/\S+(?= \(0x)/g)) {
    await mkdir(join(folder, dirname(library)), { recursive: true });
    await cp(library, join(folder, library), { dereference: true });
  }
}

/**
 * Makes the smallest root file system of a host with glibc that can run a plugin, and scripts: a shell, libraries, and the folders of CNI.
 *
 * @param folder becomes the root
 * @param plugin an executable whose libraries it has
 */
export async function makeHostRoot(folder: string, plugin: string): Promise<void> {
  for (const path of ['proc', 'dev', 'bin', 'opt/cni/bin', 'etc/cni/net.d']) {
    await mkdir(join(folder, path), { recursive: true });
  }
  // The shell opens it for what runs in the background.
  await writeFile(join(folder, 'dev/null'), '');
  await cp('/bin/sh', join(folder, 'bin/sh'), { dereference: true });
  await addLibraries(folder, '/bin/sh');
  await addLibraries(folder, plugin);
}

/**
 * The command that runs another one with `/proc` mounted in a root, in mounts of its own, which end with it.
 *
 * @param mounts further `mount` commands, such as `-t tmpfs none /some/where`
 */
export function withMounts(
  folder: string,
  command: readonly string[],
  mounts: readonly string[] = [],
): [string, ...string[]] {
  const script = [
    `mount -t proc none ${folder}/proc`,
    ...mounts.map((one) => `mount ${one}`),
    'exec "$@"',
  ].join(' && ');
  return ['unshare', '--mount', '/bin/sh', '-c', script, 'sh', ...command];
}
