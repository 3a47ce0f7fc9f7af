import { describe, it } from 'node:test';
import { claimExamples } from './contract-claims.ts';
import { TestClock } from './contract-fixtures.ts';
import { historyProperty } from './contract-histories.ts';
import { releaseExamples } from './contract-releases.ts';
import { reuseExamples } from './contract-reuse.ts';
import { staticExamples } from './contract-statics.ts';
import type { Ledger } from './ledger.ts';

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

/** The promises of `Ledger` as tests (node:test). Every implementation registers them. */
export function ledgerContract(name: string, harness: LedgerHarness): void {
  void describe(name, () => {
    const groups = [claimExamples, reuseExamples, releaseExamples, staticExamples];
    for (const [title, example] of groups.flatMap((group) => Object.entries(group))) {
      void it(title, async () => {
        const store = await harness.createStore();
        try {
          const clock = new TestClock();
          await example({ ledger: await store.open(clock), store, clock });
        } finally {
          await store.dispose();
        }
      });
    }
    void it('claim() and release() keep their promises in random histories', async () => {
      await historyProperty(harness);
    });
  });
}
