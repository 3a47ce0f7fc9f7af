import { delimiter, join } from 'node:path';
import { buildFailureText, buildGoTools, type GoTools, goToolsFolder, isExecutable } from './go-tools.ts';
import { CommandError, runCommand } from './run-command.ts';

const packages = {
  bridge: 'plugins/main/bridge',
  'host-local': 'plugins/ipam/host-local',
  // Runtimes want it for every pod.
  loopback: 'plugins/main/loopback',
  macvlan: 'plugins/main/macvlan',
} as const;
const tools: GoTools = { name: 'cni-plugins', module: 'github.com/containernetworking/plugins', packages };

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

/** Older plugins know neither STATUS nor GC; Debian 12's are such. */
const cniVersionNeeded = '1.1.0';

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
  const cache = await goToolsFolder(tools, env);
  const folders = [...(env['CNI_PATH'] ?? '').split(delimiter).filter(Boolean), ...installed, cache];
  for (const dir of folders) {
    const usable = await Promise.all(names.map(async (name) => isUsable(join(dir, name))));
    if (usable.every(Boolean)) return { dir };
  }
  try {
    await buildGoTools(tools, names, { env, isUsable, onProgress });
  } catch (error) {
    throw missing(names, error);
  }
  return { dir: cache };
}

/** Executable, and of a version that answers what the tests ask. */
async function isUsable(file: string): Promise<boolean> {
  if (!(await isExecutable(file))) return false;
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

function missing(names: readonly CniPluginName[], cause: unknown): CniPluginsError {
  const message =
    `CNI plugins ${names.join(', ')} not found: install them (version 1.5 or newer) in /opt/cni/bin, ` +
    `or install Go 1.24 or newer to have them built (${buildFailureText(cause)})`;
  return new CniPluginsError(message, { cause });
}
