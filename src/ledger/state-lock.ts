import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from './errors.ts';
import { Database } from './sqlite/database.ts';
import { toLedgerError } from './sqlite/database-error.ts';

const LOCK_FILE = 'lock';

/** Another process owns the state folder. */
export class StateFolderInUseError extends Error {
  override readonly name = 'StateFolderInUseError';
  readonly code = 'STATE_FOLDER_IN_USE';
  readonly folder: string;

  constructor(folder: string, options?: ErrorOptions) {
    super(`another agent uses the state folder ${folder}; stop it, or choose another folder`, options);
    this.folder = folder;
  }
}

/** The right to use a state folder, until it is disposed of or the process ends. */
export interface StateLock extends Disposable {
  readonly folder: string;
}

/**
 * Makes this process the only owner of a folder that exists. The lock is a lock of the kernel on the file `lock` in it,
 * taken through SQLite, so it ends with the process however that ends. The file stays; nobody else may open
 * and close it in this process, because POSIX locks end with the first close.
 * @throws {StateFolderInUseError} when there is another owner, in this process or another
 * @throws {LedgerError} when the folder can't be used
 */
export function lockStateFolder(folder: string): StateLock {
  const path = join(folder, LOCK_FILE);
  const database = openLockFile(path);
  try {
    database.begin('exclusive');
  } catch (error) {
    database.close();
    if (error instanceof LedgerError && error.code === 'LEDGER_BUSY') {
      throw new StateFolderInUseError(folder, { cause: error });
    }
    throw error;
  }
  return { folder, [Symbol.dispose]: () => database.close() };
}

function openLockFile(path: string): Database {
  try {
    // SQLite would create it readable for all.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      throw toLedgerError(error, path);
  }
  return new Database(path);
}
