/** Why a ledger can't answer. All of them are temporary towards the runtime (CNI code 11). */
export type LedgerErrorCode =
  /** The store's file is damaged; it is kept as it is and an operator has to act. */
  | 'LEDGER_CORRUPT'
  /** The store was written by a newer version of this program; it is kept as it is. */
  | 'LEDGER_VERSION'
  /** No space, or the store may not be written. */
  | 'LEDGER_FULL'
  /** Another process holds the store for longer than the limit. */
  | 'LEDGER_BUSY'
  /** The store's file was removed or replaced while it was in use: only a restart helps. */
  | 'LEDGER_LOST'
  /** Reading or writing the store failed. */
  | 'LEDGER_IO'
  /** The ledger was closed, or is not loaded yet. */
  | 'LEDGER_CLOSED'
  /** More requests wait than the ledger accepts. */
  | 'LEDGER_OVERLOADED';

/** The store of the ledger can't be read or written now. Nothing was acknowledged. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
