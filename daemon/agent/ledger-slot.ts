import { CniCode, CniError } from '../../src/cni/error.ts';
import { LedgerError, type LedgerErrorCode } from '../../src/ledger/errors.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

/** Failures of a store on this host that no second try mends. */
const lasting: ReadonlySet<LedgerErrorCode> = new Set(['LEDGER_CORRUPT', 'LEDGER_VERSION', 'LEDGER_LOST']);

/**
 * The ledger as the handlers see it. The agent serves its socket while the ledger can't be used (a corrupt
 * file): requests are then told why and to come again, and STATUS says that the node can't take pods.
 */
export class LedgerSlot<L extends Ledger = Ledger> {
  #ledger: L | undefined;
  #problem = 'the agent has not loaded its records yet';
  #isDamaged = false;
  readonly #isShared: boolean;

  /** @param isShared the store is that of many nodes: what one request can't read there takes nothing from the others. @default false */
  constructor({ isShared = false }: { readonly isShared?: boolean } = {}) {
    this.#isShared = isShared;
  }

  /** From now on this ledger serves. */
  open(ledger: L): void {
    this.#ledger = ledger;
  }

  /** From now on no ledger serves, for this reason. */
  close(reason: string): void {
    this.#ledger = undefined;
    this.#problem = reason;
  }

  /** Why no ledger serves; undefined when one does. */
  get problem(): string | undefined {
    return this.#ledger === undefined ? this.#problem : undefined;
  }

  /** True when the store is damaged, lost or of a newer version: opening it again would not help, an operator has to look. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** @throws CniError with code 11 when no ledger serves */
  get ledger(): L {
    if (this.#ledger === undefined) throw new CniError(CniCode.tryAgainLater, this.#problem);
    return this.#ledger;
  }

  /** Takes note of a failure: a damaged store serves no more, since what it still answers can't be trusted. */
  noteFailure(error: unknown): void {
    if (this.#isShared || !(error instanceof LedgerError) || !lasting.has(error.code)) return;
    this.#isDamaged = true;
    this.close(unusable(error));
  }
}

/** What a failure of the ledger means to a runtime: code 11 with the cause, since trying again helps. Others pass unchanged. */
export function toCniError(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  return new CniError(CniCode.tryAgainLater, unusable(error), { cause: error, details: error.code });
}

/** A failure of the ledger in the words that a runtime and STATUS tell. */
export function unusable(error: unknown): string {
  return `the agent can't use its ledger: ${error instanceof Error ? error.message : String(error)}`;
}
