// Makes a fresh clone ready: installs the dependencies when the lock file changed, then builds. `--no-build` stops after the
// first step. Runs under whatever Node runs npm, so it is plain JavaScript without dependencies.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const projectNode = join(modules, '.bin', 'node');
/** Written into node_modules, so that it vanishes together with what it vouches for. */
const stamp = join(modules, '.spiderpool-lock-hash');
const nodeMajorMin = 20;

class SetupError extends Error {}

function checkPlatform() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetupError(
      `Spiderpool runs on Linux x64 and arm64 only, this machine is ${process.platform} ${process.arch}`,
    );
  }
  if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) {
    throw new SetupError(
      `Node ${nodeMajorMin} or newer is needed to run npm, this is ${process.versions.node}: install a newer Node`,
    );
  }
  process.report.excludeNetwork = true;
  // Node and Bun come as glibc executables; on musl they would fail later with "not found", which explains nothing.
  if (process.report.getReport().header.glibcVersionRuntime === undefined) {
    throw new SetupError(
      'A Linux with glibc is needed (Debian, Ubuntu, Fedora, …), this one has another C library',
    );
  }
}

/** What decides whether the installed packages are still the right ones. */
function lockHash() {
  const hash = createHash('sha256');
  hash.update(readFileSync(join(root, 'package-lock.json')));
  return hash.update(`\n${process.platform} ${process.arch}\n`).digest('hex');
}

function installed(hash) {
  return existsSync(projectNode) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === hash;
}

function run(command, args, options, failure) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw new SetupError(`${failure}: ${result.error.message}`);
  if (result.signal) throw new SetupError(`${failure}: ${command} was ended by ${result.signal}`);
  if (result.status !== 0) throw new SetupError(`${failure} (exit ${result.status}): see the lines above`);
}

function install(hash) {
  console.log('› installing dependencies (npm ci)');
  // `npm ci` deletes node_modules first, the project's own Node included: npm has to run under the system's.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
  // NODE_ENV=production or an `omit` in the user's npmrc would leave out the build tools or the Node that comes by npm.
  // Its warnings are about the system's Node, under which the packages in question never run.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', args, { env: { ...process.env, PATH: path } }, 'npm ci failed');
  if (!existsSync(projectNode)) {
    throw new SetupError(`npm did not install node-linux-${process.arch}: check that its registry has it`);
  }
  writeFileSync(stamp, `${hash}\n`);
}

function build() {
  console.log('› building');
  run(projectNode, [join('scripts', 'build.mjs')], {}, 'the build failed');
}

try {
  checkPlatform();
  const hash = lockHash();
  if (!installed(hash)) install(hash);
  if (!process.argv.includes('--no-build')) build();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
