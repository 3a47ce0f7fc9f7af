import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '../../ip/address.ts';
import type { Chooser } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import { LedgerError } from '../errors.ts';
import type {
  Claimant,
  ClaimOptions,
  ClaimOutcome,
  Ledger,
  PageOptions,
  PoolUsage,
  PreviewOutcome,
  RecordFilter,
  ReleaseCondition,
} from '../ledger.ts';
import type { AllocationRecord, Holder, ReleasedRecord } from '../record.ts';
import type { StoredDocument } from './document-store.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { openStore } from './open-store.ts';
import { SqliteStore } from './sqlite-store.ts';

/** How long a reader waits for another process to let go of the store, and the pause between tries. */
const READ_BUSY_LIMIT_MS = 1000;
const READ_BUSY_PAUSE_MS = 20;
/** How long after a release old traces are removed: off the hot path, and once for many releases. */
const PRUNE_AFTER_MS = 1000;

export interface SqliteLedgerOptions extends GroupCommitOptions {
  /** The file; its folder must exist. */
  readonly path: string;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly nowMs?: () => number;
  /** A number from 0 to 1, 1 excluded. @default Math.random */
  readonly random?: () => number;
}

/**
 * Opens the ledger in an SQLite file, and creates it when there is none. Several handles on one file are safe, also in
 * several processes; but one owner is fast (state-lock.ts), because a write by another makes a handle read anew.
 * @throws {LedgerError} LEDGER_CORRUPT or LEDGER_VERSION (the file is left as it is), LEDGER_BUSY, LEDGER_FULL, LEDGER_IO
 */
export async function openSqliteLedger(options: SqliteLedgerOptions): Promise<SqliteLedger> {
  const { nowMs = Date.now, random = Math.random } = options;
  const database = await whileBusy(() => openStore(options.path));
  return new SqliteLedger(new SqliteStore(database, { nowMs, random }), options);
}

/** The embedded ledger: one host, one SQLite file, group commit. */
export class SqliteLedger implements Ledger {
  readonly #store: SqliteStore;
  readonly #queue: GroupCommit;
  #pruneTimer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(store: SqliteStore, options: GroupCommitOptions = {}) {
    this.#store = store;
    this.#queue = new GroupCommit(store, options);
    void this.#prune();
  }

  async claim(
    claimant: Claimant,
    wants: readonly Want[],
    chooser: Chooser,
    options: ClaimOptions = {},
  ): Promise<ClaimOutcome> {
    return this.#queue.submit(
      {
        decide: () => this.#store.planClaim(claimant, wants, chooser),
        apply: (plan) => this.#store.applyClaim(plan),
        frees: false,
      },
      options.signal,
    );
  }

  async preview(claimant: Claimant, wants: readonly Want[], chooser: Chooser): Promise<PreviewOutcome> {
    const plan = await this.#read(() => this.#store.planClaim(claimant, wants, chooser));
    if (plan.kind === 'refused') return plan;
    const addresses = plan.grants.map(({ want, record, class: ofClass }) => ({
      want,
      address: record.address,
      pool: record.pool,
      class: ofClass,
    }));
    return { kind: 'claimable', addresses };
  }

  async confirm(holder: Holder): Promise<readonly AllocationRecord[]> {
    return this.#queue.submit({
      decide: () => this.#store.records.ofUid(holder.uid),
      apply: (records) => this.#store.applySandbox(records, holder),
      frees: false,
    });
  }

  async release(condition: ReleaseCondition): Promise<readonly AllocationRecord[]> {
    const freed = await this.#queue.submit({
      decide: () => this.#store.planRelease(condition),
      apply: (steps) => this.#store.applyRelease(steps),
      frees: true,
    });
    if (freed.length > 0) this.#pruneLater();
    return freed;
  }

  async records(filter: RecordFilter, page: PageOptions = {}): Promise<readonly AllocationRecord[]> {
    return this.#read(() => this.#store.records.select(filter, page));
  }

  async lastHolder(address: Address): Promise<ReleasedRecord | undefined> {
    return this.#read(() => this.#store.released.at(address));
  }

  async usage(pools: readonly PoolRange[]): Promise<readonly PoolUsage[]> {
    return this.#read(() => this.#store.usage(pools));
  }

  /** The documents that are kept beside the records, in the order of their names. */
  async readDocuments(): Promise<readonly StoredDocument[]> {
    return this.#read(() => this.#store.documents.all());
  }

  /** Writes a document in place of the one of that name. */
  async writeDocument(name: string, text: string): Promise<void> {
    await this.#queue.submit({
      decide: () => this.#store.nowMs(),
      apply: (savedMs) => this.#store.documents.put({ name, text, savedMs }),
      frees: false,
    });
  }

  /** Removes a document; one that is not there is removed already. */
  async deleteDocument(name: string): Promise<void> {
    await this.#queue.submit({
      decide: () => name,
      apply: (it) => this.#store.documents.remove(it),
      frees: true,
    });
  }

  /** Answers what waits, then closes the file. Later requests reject with LEDGER_CLOSED. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#pruneTimer);
    await this.#queue.close();
    this.#store.close();
  }

  async #read<T>(work: () => T): Promise<T> {
    return whileBusy(() => this.#store.read(work));
  }

  #pruneLater(): void {
    if (this.#pruneTimer !== undefined || this.#disposed) return;
    this.#pruneTimer = setTimeout(() => {
      this.#pruneTimer = undefined;
      void this.#prune();
    }, PRUNE_AFTER_MS);
    this.#pruneTimer.unref();
  }

  /** Removes some old traces. A failure is no loss: the next release asks for it again. */
  async #prune(): Promise<void> {
    try {
      const isMoreLeft = await this.#queue.submit({
        decide: () => undefined,
        apply: () => this.#store.prune(),
        frees: true,
      });
      if (isMoreLeft) this.#pruneLater();
    } catch {
      // The store has failed or is closed, which whoever uses it next is told.
    }
  }
}

async function whileBusy<T>(work: () => T): Promise<T> {
  const deadlineMs = performance.now() + READ_BUSY_LIMIT_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const isBusy = error instanceof LedgerError && error.code === 'LEDGER_BUSY';
      if (!isBusy || performance.now() > deadlineMs) throw error;
    }
    await sleep(READ_BUSY_PAUSE_MS);
  }
}
