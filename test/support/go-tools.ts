import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lockStateFolder, StateFolderInUseError, type StateLock } from '../../src/ledger/state-lock.ts';
import { runOrThrow } from './run-command.ts';

/** Executables of one Go module that `test/tools/go.mod` requires, in a folder of the user's cache. */
export interface GoTools {
  /** Begins the folder's name, such as `cni-plugins`. */
  readonly name: string;
  /** Path of the module. */
  readonly module: string;
  /** Names of the executables, and the packages of the module that they are built from, relative to it. */
  readonly packages: Readonly<Record<string, string>>;
  /** String variables that the linker sets, by package and name, as releases do. @default none */
  readonly variables?: (version: string) => Readonly<Record<string, string>>;
}

export interface BuildGoToolsOptions {
  /** Read for XDG_CACHE_HOME, HOME, PATH and Go's own variables. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether this executable of the cache needs no building. */
  readonly isUsable: (file: string) => Promise<boolean>;
  /** Told before something takes seconds, and every half minute while it does. */
  readonly onProgress: (message: string) => void;
}

/** How whoever needs such executables has them found. */
export interface FindToolsOptions {
  /** Read for XDG_CACHE_HOME, HOME, PATH and Go's own variables. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Told before something takes minutes. @default prints on stderr */
  readonly onProgress?: (message: string) => void;
}

/** With the defaults in place of what is left out. */
export function completeFindOptions(options: FindToolsOptions): Required<FindToolsOptions> {
  const { env = process.env, onProgress = (message: string): void => console.error(message) } = options;
  return { env, onProgress };
}

/** Why a build failed, for a message of one line. */
export function buildFailureText(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}

const toolsFolder = fileURLToPath(new URL('../tools', import.meta.url));
/** For one executable: download and first compilation of kube-apiserver on a slow machine. */
const buildTimeoutMs = 3_600_000;
const lockPollMs = 500;
const progressEveryMs = 30_000;
/** -mod and -buildvcs win over GOFLAGS. */
const buildFlags = ['-mod=readonly', '-buildvcs=false', '-trimpath'] as const;
/** Without symbols they are a third smaller. */
const linkerFlags = ['-s', '-w'] as const;

/** @returns whether `file` can be executed; says nothing of what it is */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Keyed by version and architecture, so that an update of go.mod never meets old executables. */
export async function goToolsFolder(tools: GoTools, env: NodeJS.ProcessEnv): Promise<string> {
  return join(cacheFolder(env), `${tools.name}-${await versionOf(tools)}-${process.arch}`);
}

async function versionOf({ module }: GoTools): Promise<string> {
  const goMod = await readFile(join(toolsFolder, 'go.mod'), 'utf8');
  // In its `tool` block the path of a module may stand alone.
  const entries = goMod.split('\n').map((line) => line.trim().split(/\s+v/));
  const entry = entries.find(([path, after]) => path === module && after !== undefined);
  const version = entry?.[1]?.split(' ')[0];
  if (version === undefined) throw new Error(`test/tools/go.mod does not require ${module}`);
  return version;
}

/**
 * Builds the executables `names` of `tools` into {@link goToolsFolder} unless they are usable there by then. Processes that do this at
 * once build in turn, so that the later ones find what the first has built.
 * @throws Error without Go, or when it fails
 */
export async function buildGoTools(
  tools: GoTools,
  names: readonly string[],
  options: BuildGoToolsOptions,
): Promise<void> {
  const { env, isUsable, onProgress } = options;
  const folder = await goToolsFolder(tools, env);
  await mkdir(folder, { recursive: true });
  const lock = await lockWhenFree(cacheFolder(env), () =>
    onProgress('› waiting for another process that builds with Go'),
  );
  try {
    const usable = await Promise.all(names.map(async (name) => isUsable(join(folder, name))));
    const missing = names.filter((_, index) => usable[index] !== true);
    const stop = showProgress(missing, onProgress);
    try {
      for (const name of missing) await build(tools, name, folder, env);
    } finally {
      stop();
    }
  } finally {
    lock[Symbol.dispose]();
  }
}

/**
 * Builds those executables of `tools` that the user's cache has not yet.
 * @returns the folder that has all of them
 * @throws Error without Go, or when a build fails
 */
export async function provideGoTools(
  tools: GoTools,
  options: Omit<BuildGoToolsOptions, 'isUsable'>,
): Promise<string> {
  const folder = await goToolsFolder(tools, options.env);
  const names = Object.keys(tools.packages);
  const present = await Promise.all(names.map(async (name) => isExecutable(join(folder, name))));
  if (!present.every(Boolean)) await buildGoTools(tools, names, { ...options, isUsable: isExecutable });
  return folder;
}

async function build(tools: GoTools, name: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const scratch = await mkdtemp(join(folder, '.build-'));
  try {
    const output = join(scratch, name);
    const target = [tools.module, tools.packages[name]].filter(Boolean).join('/');
    const variables = Object.entries(tools.variables?.(await versionOf(tools)) ?? {});
    const ldflags = [...linkerFlags, ...variables.map(([key, value]) => `-X=${key}=${value}`)].join(' ');
    await runOrThrow('go', ['build', ...buildFlags, '-ldflags', ldflags, '-o', output, target], {
      cwd: toolsFolder,
      // Static executables run in any mount namespace.
      env: { ...env, ...goFolders(env), GOWORK: 'off', CGO_ENABLED: '0' },
      timeoutMs: buildTimeoutMs,
    });
    await rename(output, join(folder, name));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** @returns what ends it */
function showProgress(names: readonly string[], onProgress: (message: string) => void): () => void {
  if (names.length === 0) return () => undefined;
  const startMs = performance.now();
  onProgress(`› building ${names.join(', ')} with Go (once)`);
  const timer = setInterval(() => {
    const elapsed = Math.round((performance.now() - startMs) / 1000);
    onProgress(`› building ${names.join(', ')} (${elapsed} s)`);
  }, progressEveryMs);
  return () => clearInterval(timer);
}

async function lockWhenFree(folder: string, onWait: () => void): Promise<StateLock> {
  for (let waited = false; ; waited = true) {
    try {
      return lockStateFolder(folder);
    } catch (error) {
      if (!(error instanceof StateFolderInUseError)) throw error;
    }
    if (!waited) onWait();
    await sleep(lockPollMs);
  }
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homeOfUser(), '.cache'), 'spiderpool');
}

function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user id without an entry in passwd, as containers have.
    return tmpdir();
  }
}

/** Go refuses to work without HOME unless it is told where its folders are. */
function goFolders(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['HOME']) return {};
  const root = cacheFolder(env);
  return {
    GOPATH: env['GOPATH'] ?? join(root, 'go'),
    GOCACHE: env['GOCACHE'] ?? join(root, 'go-build'),
  };
}
