import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError, runCommand, runOrThrow } from './run-command.ts';

/** Packages of the module in `test/tools/go.mod`, which lists the same ones as tools. */
const packages = {
  bridge: 'plugins/main/bridge',
  'host-local': 'plugins/ipam/host-local',
  macvlan: 'plugins/main/macvlan',
} as const;

/** A plugin of github.com/containernetworking/plugins that tests, demo or benchmarks use. */
export type CniPluginName = keyof typeof packages;

/** All of them. */
export const cniPluginNames = Object.keys(packages) as readonly CniPluginName[];

/** The plugins are neither installed nor can they be built; the message is one line that says what to install. */
export class CniPluginsError extends Error {
  override readonly name = 'CniPluginsError';
  readonly code = 'SP_CNI_PLUGINS_MISSING';
}

export interface FindCniPluginsOptions {
  /** Read for CNI_PATH, XDG_CACHE_HOME, HOME, PATH and Go's own variables. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Looked into after CNI_PATH. @default ['/opt/cni/bin', '/usr/lib/cni'] */
  readonly installed?: readonly string[];
  /** Told before something takes seconds. @default prints on stderr */
  readonly onProgress?: (message: string) => void;
}

const moduleName = 'github.com/containernetworking/plugins';
const toolsFolder = fileURLToPath(new URL('../tools', import.meta.url));
/** Older plugins know neither STATUS nor GC; Debian 12's are such. */
const cniVersionNeeded = '1.1.0';
/** Download and first compilation of Go's standard library on a slow machine. */
const buildTimeoutMs = 600_000;

/**
 * Finds real CNI plugins, all in one folder: in CNI_PATH, where distributions install them, or in the user's cache, else builds
 * them into the cache with Go. Safe to be called by several processes at once.
 * @throws CniPluginsError with one line that says what to install
 */
export async function findCniPlugins(
  names: readonly CniPluginName[],
  options: FindCniPluginsOptions = {},
): Promise<{ readonly dir: string }> {
  const { env = process.env, installed = ['/opt/cni/bin', '/usr/lib/cni'] } = options;
  const { onProgress = (message: string): void => console.error(message) } = options;
  const cache = await cacheFolder(env);
  const folders = [...(env['CNI_PATH'] ?? '').split(delimiter).filter(Boolean), ...installed, cache];
  for (const dir of folders) {
    const usable = await Promise.all(names.map(async (name) => isUsable(join(dir, name))));
    if (usable.every(Boolean)) return { dir };
  }
  onProgress(`› building the CNI plugins ${names.join(', ')} with Go (once)`);
  try {
    await build(names, cache, env);
  } catch (error) {
    throw missing(names, error);
  }
  return { dir: cache };
}

/** Executable, and of a version that answers what the tests ask. */
async function isUsable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
  } catch {
    return false;
  }
  const env = { CNI_COMMAND: 'VERSION' };
  const stdin = JSON.stringify({ cniVersion: cniVersionNeeded });
  try {
    const { stdout } = await runCommand(file, [], { env, stdin, timeoutMs: 10_000 });
    return stdout.includes(`"${cniVersionNeeded}"`);
  } catch (error) {
    // A plugin of another architecture, or something else of that name.
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** Keyed by version and architecture, so that an update of go.mod never meets old executables. */
async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const goMod = await readFile(join(toolsFolder, 'go.mod'), 'utf8');
  const version = new RegExp(`${moduleName} v(\\S+)`).exec(goMod)?.[1];
  if (version === undefined) throw new Error(`test/tools/go.mod does not require ${moduleName}`);
  return join(cacheRoot(env), 'spiderpool', `cni-plugins-${version}-${process.arch}`);
}

function cacheRoot(env: NodeJS.ProcessEnv): string {
  if (env['XDG_CACHE_HOME']) return env['XDG_CACHE_HOME'];
  return join(env['HOME'] || homeOfUser(), '.cache');
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user id without an entry in passwd, as containers have.
    return tmpdir();
  }
}

async function build(names: readonly CniPluginName[], cache: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, '.build-'));
  try {
    const targets = names.map((name) => `${moduleName}/${packages[name]}`);
    // -mod and -buildvcs win over GOFLAGS; static executables run in any mount namespace.
    const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath'];
    await runOrThrow('go', ['build', ...flags, '-o', `${scratch}/`, ...targets], {
      cwd: toolsFolder,
      env: { ...env, ...goFolders(env), GOWORK: 'off', CGO_ENABLED: '0' },
      timeoutMs: buildTimeoutMs,
    });
    for (const name of names) await rename(join(scratch, name), join(cache, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Go refuses to work without HOME unless it is told where its folders are. */
function goFolders(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['HOME']) return {};
  const root = join(cacheRoot(env), 'spiderpool');
  return {
    GOPATH: env['GOPATH'] ?? join(root, 'go'),
    GOCACHE: env['GOCACHE'] ?? join(root, 'go-build'),
  };
}

function missing(names: readonly CniPluginName[], cause: unknown): CniPluginsError {
  const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
  const message =
    `CNI plugins ${names.join(', ')} not found: install them (version 1.5 or newer) in /opt/cni/bin, ` +
    `or install Go 1.24 or newer to have them built (${reason})`;
  return new CniPluginsError(message, { cause });
}
