import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { runOrThrow } from '../../test/support/run-command.ts';
import type { PackageArchitecture } from './package-arguments.ts';

/** What the lock file says of Node for one architecture. */
export interface LockedNode {
  readonly version: string;
  /** `sha512-` and the digest in base64, as npm writes it. */
  readonly integrity: string;
}

/** What was downloaded is not what the lock file names, or the lock file names nothing. */
export class PackageNodeError extends Error {
  override readonly name = 'PackageNodeError';
  readonly code = 'SP_PACKAGE_NODE';
}

/** 50 MB; generous for a slow line. */
const downloadTimeoutMs = 10 * 60_000;
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});

/** Reads which Node the project is locked to. @throws PackageNodeError */
export async function readLockedNode(root: string, architecture: PackageArchitecture): Promise<LockedNode> {
  const name = `node_modules/node-linux-${architecture}`;
  const { packages } = lockFile.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const { version, integrity } = packages[name] ?? {};
  if (version === undefined || integrity === undefined) {
    throw new PackageNodeError(`package-lock.json has no ${name} with version and integrity`);
  }
  return { version, integrity };
}

/** @throws PackageNodeError when these bytes are not the ones that the lock file names */
export function checkIntegrity(what: string, bytes: Uint8Array, integrity: string): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found === integrity) return;
  throw new PackageNodeError(
    `${what} is not the file that package-lock.json names: its integrity is ${found}, not ${integrity}`,
  );
}

/**
 * Finds the Node executable that is packed. npm installs the one of this machine's architecture only; another is fetched once,
 * with npm, and kept.
 *
 * @returns its path
 * @throws PackageNodeError, and CommandError when npm can't fetch it
 */
export async function provideNode(root: string, architecture: PackageArchitecture): Promise<string> {
  const installed = join(root, 'node_modules', `node-linux-${architecture}`, 'bin', 'node');
  if (existsSync(installed)) return installed;
  const { version, integrity } = await readLockedNode(root, architecture);
  const cache = join(root, '.cache', 'package');
  const kept = join(cache, `node-${version}-linux-${architecture}`);
  if (existsSync(kept)) return kept;
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'fetch-'));
  try {
    const name = `node-linux-${architecture}@${version}`;
    await runOrThrow('npm', ['pack', '--silent', name], { cwd: scratch, timeoutMs: downloadTimeoutMs });
    const archive = join(scratch, `node-linux-${architecture}-${version}.tgz`);
    checkIntegrity(name, await readFile(archive), integrity);
    await runOrThrow('tar', ['-xzf', archive, '-C', scratch, 'package/bin/node']);
    // In one step: a fetch that was broken off leaves nothing that looks whole.
    await rename(join(scratch, 'package/bin/node'), kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
