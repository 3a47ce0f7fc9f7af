import { setTimeout as sleep } from 'node:timers/promises';
import type { AllocatedIp } from '../api/allocated-ips.ts';
import { blocksLedger } from '../api/names.ts';
import { type Address, compareAddresses, formatAddress } from '../ip/address.ts';
import type { Pool } from '../ipam/pool.ts';
import type { PoolRange } from '../ipam/want.ts';
import { type KubeApi, KubeError } from '../kube/kube-api.ts';
import type { ImportedRecord, ImportOutcome, RecordImport } from '../ledger/blocks/record-import.ts';
import type { AllocationRecord } from '../ledger/record.ts';
import { addNote, emptyPoolMigration, type PoolMigration } from './migration-report.ts';
import type { OriginalFacts } from './original-facts.ts';
import { type PlannedRecord, planRecord } from './plan-record.ts';
import { markPool, readPool, type StoredPoolObject } from './stored-pool-object.ts';

/** How often a pool is begun anew that changes while it is imported: only its status and labels can. */
const triesMax = 10;
/** Pause before that. */
const againMs = 300;

export interface PoolImportOptions {
  readonly api: KubeApi;
  readonly ledger: RecordImport;
  readonly facts: OriginalFacts;
  readonly nowMs: () => number;
  readonly dryRun: boolean;
  /** Whether somebody lives who may use the address of a record. */
  readonly isInUse: (record: AllocationRecord) => boolean;
  /** Throws when the original has begun to work again. */
  readonly check: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Brings the records of one pool into blocks, frees those of an earlier time, and marks the pool. */
export class PoolImport {
  readonly #options: PoolImportOptions;
  readonly #migration: PoolMigration;
  /** Records in blocks of this pool that its map has to account for. */
  readonly #inBlocks: Map<Address, ImportedRecord>;
  readonly #written = new Set<Address>();

  constructor(name: string, inBlocks: ReadonlyMap<Address, ImportedRecord>, options: PoolImportOptions) {
    this.#options = options;
    this.#migration = emptyPoolMigration(name);
    this.#inBlocks = new Map(inBlocks);
  }

  /**
   * @returns undefined when the pool is gone, or has nothing to import any more
   * @throws LedgerError, KubeError, MigrationError; what was written by then is found by the next import
   */
  async run(): Promise<PoolMigration | undefined> {
    const { api, signal } = this.#options;
    for (let tries = 1; ; tries++) {
      await this.#options.check();
      const pool = await readPool(api, this.#migration.pool, signal);
      if (pool === undefined) return undefined;
      if (pool.isOurs) {
        // By an attempt of this one whose answer was lost, or by somebody else.
        this.#migration.done = true;
        return tries > 1 ? this.#migration : undefined;
      }
      if (await this.#attempt(pool)) return this.#migration;
      if (tries === triesMax) {
        this.#migration.problem = 'it is changed all the time: try again when nothing works on it';
        return this.#migration;
      }
      await sleep(againMs, undefined, { signal });
    }
  }

  /** Returns false when the pool has changed meanwhile. */
  async #attempt(pool: StoredPoolObject): Promise<boolean> {
    const { allocated, stored } = pool;
    const { api, dryRun, ledger, signal } = this.#options;
    const migration = this.#begin();
    if (!allocated.ok) return this.#giveUp(`status.allocatedIPs can't be read: ${allocated.reason}`);
    if (stored.pool === undefined) return this.#giveUp(`it can't be used: ${stored.problem}`);
    for (const { key, reason } of allocated.strange) addNote(migration, `${JSON.stringify(key)}: ${reason}`);
    const planned = this.#plan(allocated.entries, stored.pool);
    const outcomes = await ledger.write(planned, rangeOf(stored.pool));
    this.#tell(planned, outcomes);
    await this.#freeLeftOver(new Set(planned.map(({ record }) => record.address)));
    if (!dryRun) {
      for (const one of planned) {
        const kind = outcomes.get(one.record.address)?.kind;
        if (kind === 'imported' || kind === 'replaced') this.#inBlocks.set(one.record.address, one);
      }
      try {
        if (!(await markPool(api, pool, blocksLedger, signal))) return false;
      } catch (error) {
        if (!(error instanceof KubeError) || error.fate !== 'refused' || error.status === 429) throw error;
        return this.#giveUp(`the API server refuses to mark it: ${error.message}`);
      }
    }
    migration.done = true;
    return true;
  }

  #begin(): PoolMigration {
    const { pool } = this.#migration;
    // What earlier attempts have written and freed counts on.
    const { freed } = this.#migration;
    return Object.assign(this.#migration, emptyPoolMigration(pool), { freed });
  }

  #giveUp(problem: string): true {
    this.#migration.problem = problem;
    return true;
  }

  #plan(entries: readonly AllocatedIp[], pool: Pool): readonly PlannedRecord[] {
    const { facts, nowMs } = this.#options;
    const now = nowMs();
    return entries.map((entry) => {
      const planned = planRecord(entry, pool.name, facts, now);
      const isOfPool = pool.addresses.family === pool.family && pool.addresses.contains(entry.address);
      return isOfPool
        ? planned
        : { ...planned, notes: [...planned.notes, `it is not in the pool's spec.ips`] };
    });
  }

  #tell(planned: readonly PlannedRecord[], outcomes: ReadonlyMap<Address, ImportOutcome>): void {
    const migration = this.#migration;
    migration.records = planned.length;
    for (const { record, notes } of planned.toSorted((a, b) =>
      compareAddresses(a.record.address, b.record.address),
    )) {
      const text = formatAddress(record.address);
      for (const note of notes) addNote(migration, `${text}: ${note}`);
      const outcome = outcomes.get(record.address);
      if (outcome?.kind === 'conflict' || outcome === undefined) {
        migration.conflicts++;
        addNote(migration, `${text}: ${conflictText(outcome?.other)}`);
        continue;
      }
      if (outcome.kind !== 'standing') this.#written.add(record.address);
      if (outcome.kind === 'replaced') {
        addNote(migration, `${text}: a record of an earlier time was replaced, its pods are gone`);
      }
      if (this.#written.has(record.address)) migration.written++;
      else migration.standing++;
    }
  }

  /** What blocks have of this pool and its map has not: the original has given it up since. */
  async #freeLeftOver(inMap: ReadonlySet<Address>): Promise<void> {
    const { dryRun, isInUse, ledger } = this.#options;
    const leftOver: ImportedRecord[] = [];
    for (const [address, stored] of this.#inBlocks) {
      if (inMap.has(address)) continue;
      if (!isInUse(stored.record)) leftOver.push(stored);
      else
        addNote(
          this.#migration,
          `${formatAddress(address)}: kept, its pod lives although the original has no record of it`,
        );
    }
    const freed = dryRun ? leftOver : await ledger.free(leftOver);
    this.#migration.freed += freed.length;
    for (const { record } of leftOver) this.#inBlocks.delete(record.address);
  }
}

/** As far as the hints in the labels of blocks need it. */
function rangeOf({ name, family, subnet, addresses, excluded, reuseDelayMs }: Pool): PoolRange {
  return { name, family, subnet, eligible: addresses.subtract(excluded), reuseDelayMs };
}

function conflictText(other: AllocationRecord | undefined): string {
  if (other === undefined)
    return 'its slot holds something that can not be read, or keeps changing: it was left as it is';
  const { pod } = other.holders.at(-1) ?? {};
  const { owner } = other;
  const whose =
    pod !== undefined
      ? `pod ${pod.namespace}/${pod.name}`
      : `${owner?.kind} ${owner?.namespace}/${owner?.name}`;
  return `it is recorded already for ${whose} in pool ${other.pool}: that was left as it is`;
}
