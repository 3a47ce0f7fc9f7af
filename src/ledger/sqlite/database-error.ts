import { LedgerError, type LedgerErrorCode } from '../errors.ts';

/** Result codes of SQLite (https://www.sqlite.org/rescode.html): the lowest eight bits are the primary code. */
const PRIMARY_CODES: ReadonlyMap<number, readonly [LedgerErrorCode, string]> = new Map([
  [5, ['LEDGER_BUSY', 'is locked by another process']],
  [6, ['LEDGER_BUSY', 'is locked by another connection']],
  [8, ['LEDGER_FULL', 'may not be written; check the rights of the file and the mount']],
  [10, ['LEDGER_IO', 'could not be read or written']],
  [11, ['LEDGER_CORRUPT', 'is damaged; it is kept as it is: restore it from a backup, or move it away']],
  [13, ['LEDGER_FULL', 'has no space left on its disk']],
  [14, ['LEDGER_IO', 'could not be opened']],
  [
    26,
    ['LEDGER_CORRUPT', 'is not a database; it is kept as it is: restore it from a backup, or move it away'],
  ],
]);

/** SQLITE_IOERR_SHMSIZE: the shared memory file of the write-ahead log could not grow, which is a full disk too. */
const IOERR_SHMSIZE = 4874;

const FILE_SYSTEM_CODES: ReadonlyMap<string, LedgerErrorCode> = new Map([
  ['ENOSPC', 'LEDGER_FULL'],
  ['EDQUOT', 'LEDGER_FULL'],
  ['EROFS', 'LEDGER_FULL'],
]);

/** What an error of SQLite or of the file system means for the ledger; what is neither comes back as it is. */
export function toLedgerError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof LedgerError) return error;
  if ('errcode' in error && typeof error.errcode === 'number')
    return ofResultCode(error, error.errcode, path);
  if (!('code' in error) || typeof error.code !== 'string') return error;
  if (error.code === 'ERR_INVALID_STATE') {
    return new LedgerError('LEDGER_CLOSED', `${path} is closed`, { cause: error });
  }
  if (!('syscall' in error)) return error;
  const code = FILE_SYSTEM_CODES.get(error.code) ?? 'LEDGER_IO';
  return new LedgerError(code, `${path} could not be used: ${error.message}`, { cause: error });
}

function ofResultCode(error: Error, resultCode: number, path: string): unknown {
  const known = PRIMARY_CODES.get(resultCode === IOERR_SHMSIZE ? 13 : resultCode & 0xff);
  if (known === undefined) return error;
  const [code, meaning] = known;
  return new LedgerError(code, `${path} ${meaning} (${error.message})`, { cause: error });
}
