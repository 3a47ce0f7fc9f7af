import type { Chooser } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { Claimant, ClaimOutcome, PoolUsage, ReleaseCondition } from '../ledger.ts';
import { planRelease, type ReleaseStep } from '../plan-release.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import { withNewSandbox } from '../take-over.ts';
import type { Database } from './database.ts';
import { DocumentStore } from './document-store.ts';
import type { TransactionalStore } from './group-commit.ts';
import { type ClaimPlan, planClaim } from './plan-claim.ts';
import { PoolCache } from './pool-cache.ts';
import { RecordStore } from './record-store.ts';
import { ReleasedStore } from './released-store.ts';

export interface SqliteStoreOptions {
  readonly nowMs: () => number;
  readonly random: () => number;
}

/**
 * The tables of one file together with what is derived from them in memory. Everything is synchronous. Plans are made
 * and applied inside of a transaction; whoever undoes it calls `abandon`, so that memory never says more than the disk.
 */
export class SqliteStore implements TransactionalStore {
  readonly records: RecordStore;
  readonly released: ReleasedStore;
  readonly documents: DocumentStore;
  readonly nowMs: () => number;
  readonly #random: () => number;
  readonly #database: Database;
  readonly #pools: PoolCache;
  /** Changes whenever another connection has committed. */
  #foreignVersion: number | undefined;

  constructor(database: Database, options: SqliteStoreOptions) {
    this.#database = database;
    this.nowMs = options.nowMs;
    this.#random = options.random;
    this.records = new RecordStore(database);
    this.released = new ReleasedStore(database);
    this.documents = new DocumentStore(database);
    this.#pools = new PoolCache(this.records, this.released);
  }

  get path(): string {
    return this.#database.path;
  }

  begin(): void {
    this.#start('immediate');
  }

  commit(): void {
    this.#database.commit();
  }

  abandon(): void {
    this.#pools.drop();
    this.#rollback();
  }

  makeRoom(): void {
    try {
      this.#database.execute('PRAGMA wal_checkpoint(RESTART)');
    } catch {
      // It was worth the try; whoever writes next learns of a full disk anyway.
    }
  }

  /** Reads one state of the store as a whole. */
  read<T>(work: () => T): T {
    this.#start('deferred');
    try {
      return work();
    } finally {
      this.#rollback();
    }
  }

  planClaim(claimant: Claimant, wants: readonly Want[], chooser: Chooser): ClaimPlan {
    const nowMs = this.nowMs();
    const view = {
      at: this.records.at.bind(this.records),
      ofUid: this.records.ofUid.bind(this.records),
      ofOwner: this.records.ofOwner.bind(this.records),
      released: this.released.at.bind(this.released),
      pool: (range: PoolRange) => this.#pools.state(range, nowMs),
    };
    return planClaim(view, { claimant, wants, chooser, nowMs, random: this.#random });
  }

  applyClaim(plan: ClaimPlan): ClaimOutcome {
    if (plan.kind === 'refused') return plan;
    for (const record of plan.changed) this.records.update(record);
    for (const record of plan.created) {
      this.records.insert(record);
      this.released.remove(record.address);
      this.#pools.allocated(record);
    }
    this.applyRelease(plan.freed.map((before) => ({ before, after: undefined, suspect: false })));
    const addresses = plan.grants.map(({ want, record, class: ofClass }) => ({
      want,
      record,
      standing: ofClass === 'standing' && !plan.created.includes(record),
    }));
    return { kind: 'claimed', addresses };
  }

  /** Writes a new sandbox to the records of its pod. Returns them as they now stand. */
  applySandbox(records: readonly AllocationRecord[], holder: Holder): AllocationRecord[] {
    return records.map((before) => {
      const after = withNewSandbox(before, holder);
      if (!sameRecord(before, after)) this.records.update(after);
      return after;
    });
  }

  planRelease(condition: ReleaseCondition): ReleaseStep[] {
    return planRelease(this.records, condition);
  }

  /** Writes a release. Returns the records as they were before. */
  applyRelease(steps: readonly ReleaseStep[]): AllocationRecord[] {
    const nowMs = this.nowMs();
    for (const { before, after, suspect } of steps) {
      if (after !== undefined) {
        this.records.update(after);
        continue;
      }
      this.records.remove(before.address);
      this.released.put({ last: before, freedMs: nowMs, suspect });
      this.#pools.freed(before, nowMs, suspect);
    }
    return steps.map((step) => step.before);
  }

  usage(pools: readonly PoolRange[]): PoolUsage[] {
    const nowMs = this.nowMs();
    return pools.map((pool) => this.#pools.state(pool, nowMs).usage());
  }

  /** Removes some old traces. Returns true when more are left. */
  prune(): boolean {
    return this.released.prune(this.nowMs(), this.#pools.markLifeMs);
  }

  close(): void {
    this.#database.close();
  }

  #start(mode: 'immediate' | 'deferred'): void {
    this.#database.begin(mode);
    try {
      const version = this.#database.pragmaNumber('data_version');
      if (version !== this.#foreignVersion) this.#pools.drop();
      this.#foreignVersion = version;
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #rollback(): void {
    try {
      this.#database.rollback();
    } catch {
      // The connection is broken; the next transaction says how.
    }
  }
}
