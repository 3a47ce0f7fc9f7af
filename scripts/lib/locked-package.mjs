// Packages of the lock file that npm does not install here, since they are for other machines: the runtimes of Bun and Node that go
// into executables and images. npm fetches them, so that its registry, mirror and certificates hold, and the lock file vouches for
// every byte. Plain JavaScript: the build runs under the system's Node, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** What npm brought is not what the lock file names, or the lock file names nothing. */
export class LockedPackageError extends Error {
  name = 'LockedPackageError';
  code = 'SP_LOCKED_PACKAGE';
}

/**
 * The path of one file of a package: as npm has installed it, or from a cache, fetched when it is not there.
 *
 * @param {string} root the project
 * @param {string} name such as `@oven/bun-linux-x64-musl`
 * @param {string} file inside of the package
 * @returns {string}
 */
export function fileOfLockedPackage(root, name, file) {
  const installed = path.join(root, 'node_modules', name, file);
  if (existsSync(installed)) return installed;
  const { version, integrity } = lockedPackage(root, name);
  const folder = path.join(cacheFolder(), `${name.replace('@', '').replace('/', '-')}-${version}`);
  const wanted = path.join(folder, file);
  if (existsSync(wanted)) return wanted;
  console.log(`dist: fetching ${name} ${version}`);
  mkdirSync(cacheFolder(), { recursive: true });
  const temporary = mkdtempSync(path.join(cacheFolder(), 'new-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', temporary, `${name}@${version}`], {
      // Not inside of the project: npm would run its scripts.
      cwd: temporary,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [archive] = readdirSync(temporary);
    if (archive === undefined) throw new LockedPackageError(`npm pack made no archive of ${name}@${version}`);
    const tarball = path.join(temporary, archive);
    checkIntegrity(name, readFileSync(tarball), integrity);
    execFileSync('tar', ['-xzf', tarball, '-C', temporary]);
    if (!existsSync(path.join(temporary, 'package', file)))
      throw new LockedPackageError(`${name}@${version} has no ${file}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(path.join(temporary, 'package'), folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return wanted;
}

/**
 * What the lock file says of a package; only optional ones can be left out by npm, so that it is there on every machine.
 * @param {string} root the project
 * @param {string} name
 */
export function lockedPackage(root, name) {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const entry = lock.packages[`node_modules/${name}`];
  if (entry?.version !== undefined && entry.integrity?.startsWith('sha512-')) return entry;
  throw new LockedPackageError(`package-lock.json has no ${name} with a sha512 integrity`);
}

/**
 * @param {string} name for the message
 * @param {Uint8Array} bytes of the archive
 * @param {string} integrity `sha512-…`
 */
export function checkIntegrity(name, bytes, integrity) {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found === integrity) return;
  throw new LockedPackageError(
    `${name} is not what package-lock.json says: ${found} instead of ${integrity}; check the npm registry`,
  );
}

/** As in CONTRIBUTING.md; the lock file's hash is checked before anything gets there. */
function cacheFolder() {
  const xdg = process.env.XDG_CACHE_HOME;
  const base = xdg?.startsWith('/') ? xdg : path.join(homedir(), '.cache');
  return path.join(base, 'spiderpool', 'npm');
}
