import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../src/log/logger.ts';
import { InstallError } from './install-error.ts';
import { parseNetworkList } from './parse-network-list.ts';
import { removeStaleDrafts, replaceFile } from './replace-file.ts';

/** Runtimes look for lists under this ending. */
const listName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*\.conflist$/;

/** What libcni reads in the folder; the first by name is the cluster's network. */
const configName = /\.(conf|conflist|json)$/;

const listBytesMax = 1024 * 1024;

/** Which network list goes where. */
export interface NetworkConfigPlaces {
  readonly source: string;
  /** The runtime's folder of network configs. */
  readonly folder: string;
  readonly name: string;
}

/**
 * Writes the network list into the runtime's folder in one step, unless it is there already.
 *
 * @throws InstallError when it is no list that a runtime accepts, or the folder can't be written
 */
export async function installNetworkConfig(places: NetworkConfigPlaces, log: Logger): Promise<void> {
  const { source, folder, name } = places;
  const text = await readList(source);
  const network = parseNetworkList(source, text);
  const file = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o755 }).catch((error: Error) => {
    throw new InstallError(`can't make the folder ${folder}: ${error.message}`, { cause: error });
  });
  await removeStaleDrafts(folder, name);
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === text) {
    log.info({ network, file }, 'the network list is there already');
  } else {
    await replaceFile(folder, name, {
      mode: 0o644,
      write: async (draft) => writeFile(draft, text, { flag: 'wx' }),
    });
    log.info({ network, file }, 'wrote the network list');
  }
  const before = configsBefore(name, await readdir(folder));
  if (before.length > 0) {
    log.warn(
      { file, before },
      'the runtime uses the first config of the folder by name: pods get that network, not this one, until it is removed',
    );
  }
}

/**
 * The file name of a list, checked.
 *
 * @throws InstallError when a runtime would not read it
 */
export function checkListName(name: string): string {
  if (listName.test(name)) return name;
  throw new InstallError(
    `--conf-name is ${JSON.stringify(name)}: write a file name such as 10-spiderpool.conflist`,
  );
}

/** Configs that a runtime prefers to the one called `name`. */
export function configsBefore(name: string, entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => configName.test(entry) && entry < name).toSorted();
}

async function readList(source: string): Promise<string> {
  const text = await readFile(source, 'utf8').catch((error: Error) => {
    throw new InstallError(`the network list can't be read: ${error.message}`, { cause: error });
  });
  if (text.length <= listBytesMax) return text;
  throw new InstallError(`the network list ${source} is larger than ${listBytesMax} bytes`);
}
