import { describe, it } from 'node:test';
import { claimExamples } from './claims.ts';
import { TestClock } from './fixtures.ts';
import type { LedgerHarness } from './harness.ts';
import { historyProperty } from './histories.ts';
import { releaseExamples } from './releases.ts';
import { reuseExamples } from './reuse.ts';
import { staticExamples } from './statics.ts';

/** The promises of `Ledger` as tests (node:test). Every implementation registers them. */
export function ledgerContract(name: string, harness: LedgerHarness): void {
  void describe(`${name} keeps the contract`, () => {
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
