import { copyFile, lstat, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../src/log/logger.ts';
import { InstallError } from './install-error.ts';
import { removeStaleDrafts, replaceFile } from './replace-file.ts';
import { problemOfTrial } from './trial-verdict.ts';
import { type TrialPlace, tryPlugin } from './try-plugin.ts';

/** What CNI configurations call it. */
const pluginName = 'spiderpool';

/** A build for one C library: `spiderpool-glibc`, `spiderpool-musl`. */
const buildName = /^spiderpool-[a-z0-9]+(-[a-z0-9]+)*$/;

/** Runtimes execute it, and people may ask it for its version. */
const pluginMode = 0o755;

/** Read at once when files are compared. */
const chunkBytes = 1024 * 1024;

/** Which plugin goes where. */
export interface PluginPlaces extends TrialPlace {
  /** Folder with the builds, of which one is installed. */
  readonly sourceFolder: string;
  /** The folder of CNI plugins, as this process sees it. */
  readonly binFolder: string;
  /** The same folder, as the host sees it. */
  readonly hostBinFolder: string;
}

/**
 * Builds in the order in which they are tried: by name, which puts glibc, that most hosts have, before musl.
 *
 * @param entries names in the folder of builds
 */
export function buildsToTry(entries: readonly string[]): readonly string[] {
  return entries.filter((name) => buildName.test(name)).toSorted();
}

/**
 * Installs the first build that answers on the host. Until then, and when none does, the plugin that is there stays.
 *
 * @throws InstallError when none fits, or the folder can't be written
 */
export async function installPlugin(places: PluginPlaces, log: Logger): Promise<void> {
  const builds = await listBuilds(places.sourceFolder);
  await checkHostRoot(places.hostRoot);
  await mkdir(places.binFolder, { recursive: true, mode: 0o755 }).catch((error: Error) => {
    throw new InstallError(`can't make the folder ${places.binFolder}: ${error.message}`, { cause: error });
  });
  const removed = await removeStaleDrafts(places.binFolder, pluginName);
  if (removed.length > 0) log.info({ files: removed }, 'removed drafts of installations that did not end');
  const problems: string[] = [];
  for (const build of builds) {
    const source = join(places.sourceFolder, build);
    const plugin = join(places.hostBinFolder, pluginName);
    if (await isInstalled(source, places)) {
      log.info({ build, plugin }, 'the plugin is installed already, and answers');
      return;
    }
    const problem = await installBuild(source, places);
    if (problem === undefined) {
      log.info({ build, plugin }, 'installed the plugin');
      return;
    }
    problems.push(`${build}: ${problem}`);
    log.warn({ build, problem }, 'this build of the plugin does not run on the host');
  }
  throw new InstallError(
    `no build of the plugin runs on this host; what was installed before stays.\n  ${problems.join('\n  ')}`,
  );
}

/** The plugin finds its own code by /proc/self/exe, as it does when a runtime of the host calls it. */
async function checkHostRoot(hostRoot: string): Promise<void> {
  await lstat(join(hostRoot, 'proc/self')).catch((error: Error) => {
    throw new InstallError(
      `${join(hostRoot, 'proc')} is not the host's /proc: mount the host's root with all mounts below it, and name it with --host-root`,
      { cause: error },
    );
  });
}

async function listBuilds(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch((error: Error) => {
    throw new InstallError(
      `the builds of the plugin can't be read: ${error.message}; name their folder with --source`,
      {
        cause: error,
      },
    );
  });
  const builds = buildsToTry(entries);
  if (builds.length > 0) return builds;
  throw new InstallError(
    `${folder} has no build of the plugin, such as spiderpool-glibc: name the folder that has with --source`,
  );
}

/** The file that is there has the same bytes, and runs. One that does not may just have lost its permissions. */
async function isInstalled(source: string, places: PluginPlaces): Promise<boolean> {
  if (!(await haveSameBytes(source, join(places.binFolder, pluginName)))) return false;
  return problemOfTrial(await tryPlugin(join(places.hostBinFolder, pluginName), places)) === undefined;
}

/** @returns why the build does not run on the host; undefined when it is installed */
async function installBuild(source: string, places: PluginPlaces): Promise<string | undefined> {
  let problem: string | undefined;
  await replaceFile(places.binFolder, pluginName, {
    mode: pluginMode,
    write: async (draft) => copyFile(source, draft),
    accept: async (draftName) => {
      problem = problemOfTrial(await tryPlugin(join(places.hostBinFolder, draftName), places));
      return problem === undefined;
    },
  });
  return problem;
}

async function haveSameBytes(path: string, otherPath: string): Promise<boolean> {
  try {
    await using file = await open(path);
    await using other = await open(otherPath);
    const [found, otherFound] = await Promise.all([file.stat(), other.stat()]);
    if (!otherFound.isFile() || found.size !== otherFound.size) return false;
    const [chunk, otherChunk] = [Buffer.alloc(chunkBytes), Buffer.alloc(chunkBytes)];
    for (let position = 0; position < found.size; position += chunkBytes) {
      const length = Math.min(chunkBytes, found.size - position);
      await Promise.all([file.read(chunk, 0, length, position), other.read(otherChunk, 0, length, position)]);
      if (!chunk.subarray(0, length).equals(otherChunk.subarray(0, length))) return false;
    }
    return true;
  } catch {
    // Not there, or not to be read: then it is written anew, and an error of that tells more.
    return false;
  }
}
