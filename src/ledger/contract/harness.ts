import type { Ledger } from '../ledger.ts';
import type { TestClock } from './fixtures.ts';

/** A store that several handles may be opened on, as several processes or nodes would. */
export interface ContractStore {
  /** Opens one more handle. */
  open(clock: { readonly nowMs: () => number }): Promise<Ledger>;
  /**
   * Ends a handle as a crash of its process would: requests under way fail, and may have been written or not. Once it
   * resolves nothing more is written through the handle.
   */
  crash(ledger: Ledger): Promise<void>;
  /** Closes all handles and removes the store. */
  dispose(): Promise<void>;
}

/** What an implementation brings to be tested. */
export interface LedgerHarness {
  /** Makes an empty store. */
  createStore(): Promise<ContractStore>;
  /** Random histories to try. @default 60 */
  readonly histories?: number;
}

/** A test of the contract: a fresh store with one handle on it. */
export type ContractExample = (fixture: {
  readonly ledger: Ledger;
  readonly store: ContractStore;
  readonly clock: TestClock;
}) => Promise<void>;
