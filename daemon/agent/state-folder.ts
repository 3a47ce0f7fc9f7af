import { chmod, mkdir, stat } from 'node:fs/promises';

const mode = 0o700;

/** The state folder can't be used. The message says why and what to do. */
export class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
  readonly code = 'STATE_FOLDER_UNUSABLE';
}

/**
 * Makes the state folder, or makes an existing one its owner's alone: the records of who has which address are nobody else's.
 *
 * @throws StateFolderError when it is no folder, or one that everybody shares, such as /tmp
 */
export async function prepareStateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode }).catch((error: unknown) => {
    throw new StateFolderError(
      `the state folder ${path} can't be made: ${(error as Error).message}; choose another with --data-dir`,
      {
        cause: error,
      },
    );
  });
  const found = await stat(path);
  if ((found.mode & 0o077) === 0) return;
  if ((found.mode & 0o1000) !== 0) {
    throw new StateFolderError(
      `${path} is shared by everybody: choose a folder for the agent alone with --data-dir`,
    );
  }
  await chmod(path, mode);
}
