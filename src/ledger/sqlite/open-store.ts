import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LedgerError } from '../errors.ts';
import { Database } from './database.ts';
import { toLedgerError } from './database-error.ts';
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './schema.ts';

/**
 * Pages (4 KiB) after which a commit moves the write-ahead log into the database: a few milliseconds each time, and
 * little to replay at start.
 */
const CHECKPOINT_PAGES = 1000;
/** To what the log's file is cut back after it has grown; not to nothing, so that a full disk still takes releases. */
const LOG_BYTES_KEPT = 8 * 1024 * 1024;

/**
 * Opens the ledger's file, and creates it when there is none. A file that is damaged, foreign or of a newer version is
 * refused before anything is written to it.
 * @throws {LedgerError} LEDGER_CORRUPT, LEDGER_VERSION, LEDGER_BUSY, LEDGER_FULL or LEDGER_IO
 */
export function openStore(path: string): Database {
  if (!existsSync(path)) createStore(path);
  inspect(path);
  const database = new Database(path);
  try {
    // FULL: the log is flushed to the disk before a commit returns.
    database.execute(
      `PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
       PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}; PRAGMA temp_store = MEMORY`,
    );
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Makes a complete file under another name and links it into place, so that an empty or half-made file under the
 * ledger's name is always damage, never a beginning. A creator that comes second uses the file of the first.
 */
function createStore(path: string): void {
  if (existsSync(`${path}-wal`)) {
    throw corrupt(path, `is missing while its log ${path}-wal is there`);
  }
  const draft = `${path}.new-${process.pid}-${performance.now().toString(36).replace('.', '-')}`;
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    const database = new Database(draft);
    try {
      database.execute(`PRAGMA journal_mode = WAL; BEGIN; ${SCHEMA} COMMIT`);
    } finally {
      database.close();
    }
    flush(draft);
    linkUnlessThere(draft, path);
    flush(dirname(path));
  } catch (error) {
    throw toLedgerError(error, path);
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  }
}

function linkUnlessThere(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function flush(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Looks at the file through a connection that can't change it. */
function inspect(path: string): void {
  if (statSync(path).size === 0) throw corrupt(path, 'is empty');
  using database = new Database(path, { readOnly: true });
  if (database.pragmaNumber('application_id') !== APPLICATION_ID) {
    throw corrupt(path, 'is a database of another program');
  }
  const version = database.pragmaNumber('user_version');
  if (version > SCHEMA_VERSION) {
    throw new LedgerError(
      'LEDGER_VERSION',
      `${path} was written by a newer version (format ${version}, this one knows ${SCHEMA_VERSION}); install that version again`,
    );
  }
  if (version !== SCHEMA_VERSION) throw corrupt(path, `has the unknown format ${version}`);
  const finding = database.get('PRAGMA quick_check(1)')?.['quick_check'];
  if (finding !== 'ok') throw corrupt(path, `is damaged: ${oneLine(String(finding))}`);
}

/** What the check says in one line: it may have several. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function corrupt(path: string, finding: string): LedgerError {
  return new LedgerError(
    'LEDGER_CORRUPT',
    `${path} ${finding}; it is kept as it is: restore it from a backup, or move it away to begin with an empty ledger`,
  );
}
