import type { Ledger } from '../ledger.ts';
import type { TestClock } from './fixtures.ts';

/** A store that several handles may be opened on, as several processes or nodes would. */
export interface ContractStore {
  /**
   * Opens a handle: that of a node's agent. A node has one at a time; another one for it is its agent after a restart.
   * @param node @default 'node-1'
   */
  open(clock: { readonly nowMs: () => number }, node?: string): Promise<Ledger>;
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
  /**
   * Whether a request that touches several addresses is done as a whole even when the process ends meanwhile. Else a crash may leave a part
   * of it, which the same request, asked again, completes.
   */
  readonly isAtomic: boolean;
}

/** A test of the contract: a fresh store with one handle on it. */
export type ContractExample = (fixture: {
  readonly ledger: Ledger;
  readonly store: ContractStore;
  readonly clock: TestClock;
}) => Promise<void>;
