// `npm run package [-- [--arch x64|arm64]… [--out FOLDER] [PROGRAM…]]`: executables that need no Node, into dist/package, and with
// no program named also the builds of the plugin, checksums, and for each architecture an archive to install a host from.

import { cp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CommandError, runOrThrow } from '../test/support/run-command.ts';
import { fileOfLockedPackage, LockedPackageError, lockedPackage } from './lib/locked-package.mjs';
import { writeArchive, writeChecksums } from './lib/package-archive.ts';
import {
  type PackageArchitecture,
  PackageArgumentsError,
  type PackageProgram,
  parsePackageArguments,
} from './lib/package-arguments.ts';
import { makeExecutable } from './lib/package-executable.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Names of the plugin's folders, as images name architectures. */
const imageArchitectures = { x64: 'amd64', arm64: 'arm64' } as const satisfies Record<
  PackageArchitecture,
  string
>;
/** Bun compiles the plugin once for each C library and processor. */
const buildTimeoutMs = 10 * 60_000;

async function build(target: string): Promise<void> {
  const script = join(root, 'scripts/build.mjs');
  process.stdout.write(await runOrThrow(process.execPath, [script, target], { timeoutMs: buildTimeoutMs }));
}

async function makeExecutables(
  folder: string,
  architecture: PackageArchitecture,
  programs: readonly PackageProgram[],
): Promise<void> {
  const nodePackage = `node-linux-${architecture}`;
  const node = fileOfLockedPackage(root, nodePackage, 'bin/node');
  const { version: nodeVersion } = lockedPackage(root, nodePackage);
  for (const program of programs) {
    const bundle = join(root, 'dist/single-files', `${program}.cjs`);
    const output = join(folder, program);
    await rm(output, { force: true });
    await makeExecutable({ program, architecture, bundle, node, nodeVersion, output });
  }
}

/** What stands beside the executables: licences, the plugin, and for a host the script that installs them. */
async function addCompanions(folder: string, architecture: PackageArchitecture): Promise<void> {
  const files: readonly (readonly [from: string, to: string])[] = [
    [`dist/plugin/${imageArchitectures[architecture]}`, 'plugin'],
    ['deploy/host', '.'],
    ['docs/examples/spiderpool-agent.service', 'spiderpool-agent.service'],
    ['docs/examples/pools.yaml', 'examples/pools.yaml'],
    ['docs/examples/20-pods-bridge.conflist', 'examples/20-pods-bridge.conflist'],
    ['docs/examples/30-pods-lan.conflist', 'examples/30-pods-lan.conflist'],
    ['docs/install-on-a-host.md', 'install-on-a-host.md'],
    ['LICENSE', 'LICENSE'],
    [`node_modules/node-linux-${process.arch}/LICENSE`, 'licenses/node'],
    ['dist/single-files/spiderpool-controller.cjs.LEGAL.txt', 'licenses/packages'],
  ];
  for (const [from, to] of files) await cp(join(root, from), join(folder, to), { recursive: true });
}

async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

async function run(args: readonly string[]): Promise<void> {
  const { architectures, programs, out, whole } = parsePackageArguments(args);
  const parent = resolve(out ?? join(root, 'dist/package'));
  await build('single-files');
  for (const architecture of architectures) {
    const name = `linux-${architecture}`;
    const folder = join(parent, name);
    if (whole) await rm(folder, { recursive: true, force: true });
    await makeExecutables(folder, architecture, programs);
    if (!whole) continue;
    await build(`plugin-${imageArchitectures[architecture]}`);
    await addCompanions(folder, architecture);
    await writeChecksums(folder);
    const archive = `spiderpool-${await readVersion()}-${name}`;
    await writeArchive(parent, name, archive);
    console.log(`package: ${join(parent, `${archive}.tar.gz`)}`);
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const isExpected = [PackageArgumentsError, LockedPackageError, CommandError].some(
    (kind) => error instanceof kind,
  );
  if (!isExpected || !(error instanceof Error)) throw error;
  console.error(`package: ${error.message}`);
  process.exitCode = error instanceof PackageArgumentsError ? 2 : 1;
}
