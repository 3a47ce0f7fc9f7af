import { CniCode, CniError } from '../../src/cni/error.ts';
import { LedgerError } from '../../src/ledger/errors.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

/**
 * The ledger as the handlers see it. The agent serves its socket while the ledger can't be used (a corrupt
 * file): requests are then told why and to come again, and STATUS says that the node can't take pods.
 */
export class LedgerSlot<L extends Ledger = Ledger> {
  #ledger: L | undefined;
  #why = 'the agent has not loaded its records yet';

  /** From now on this ledger serves. */
  open(ledger: L): void {
    this.#ledger = ledger;
  }

  /** From now on no ledger serves, for this reason. */
  fail(why: string): void {
    this.#ledger = undefined;
    this.#why = why;
  }

  /** Why no ledger serves; undefined when one does. */
  get problem(): string | undefined {
    return this.#ledger === undefined ? this.#why : undefined;
  }

  /** @throws CniError with code 11 when no ledger serves */
  get ledger(): L {
    if (this.#ledger === undefined) throw new CniError(CniCode.tryAgainLater, this.#why);
    return this.#ledger;
  }
}

/** What a failure of the ledger means to a runtime: code 11 with the cause, since trying again helps. Others pass unchanged. */
export function toCniError(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  return new CniError(CniCode.tryAgainLater, `the ledger can't be used now: ${error.message}`, {
    cause: error,
    details: error.code,
  });
}
