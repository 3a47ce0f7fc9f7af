import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerContract } from '../contract/contract.ts';
import type { ContractStore } from '../contract/harness.ts';
import type { Ledger } from '../ledger.ts';
import type { Database } from './database.ts';
import { openStore } from './open-store.ts';
import { SqliteLedger } from './sqlite-ledger.ts';
import { SqliteStore } from './sqlite-store.ts';

class SqliteContractStore implements ContractStore {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ledger-contract-'));
  readonly #databases = new Map<Ledger, Database>();

  #draw = 0;
  /** Evenly spread and the same in every run, so that a failed history fails again when it is shortened. */
  readonly #random = (): number => {
    this.#draw = (this.#draw + 0.618) % 1;
    return this.#draw;
  };

  async open(clock: { readonly nowMs: () => number }): Promise<Ledger> {
    const database = openStore(join(this.#folder, 'ledger.db'));
    const ledger = new SqliteLedger(new SqliteStore(database, { nowMs: clock.nowMs, random: this.#random }));
    this.#databases.set(ledger, database);
    return ledger;
  }

  async crash(ledger: Ledger): Promise<void> {
    // What waits in the queue is lost, as with the process; what was committed stays.
    this.#databases.get(ledger)?.close();
    await ledger[Symbol.asyncDispose]();
  }

  async dispose(): Promise<void> {
    for (const ledger of this.#databases.keys()) await ledger[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

ledgerContract('SqliteLedger', { createStore: async () => new SqliteContractStore(), isAtomic: true });
