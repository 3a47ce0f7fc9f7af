import { statSync } from 'node:fs';
import {
  DatabaseSync,
  type SQLOutputValue,
  type StatementSync,
  type SQLInputValue as Value,
} from 'node:sqlite';
import { LedgerError } from '../errors.ts';
import { toLedgerError } from './database-error.ts';

/**
 * How long SQLite itself waits for a lock. It blocks the whole event loop meanwhile, so it only bridges the moment in
 * which another process commits; longer waits are done outside (see group-commit.ts).
 */
const BUSY_TIMEOUT_MS = 10;

export type { Value };

/** One row of an answer, by column name. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export interface DatabaseOptions {
  /** Opens without the right to change the file. @default false */
  readonly readOnly?: boolean;
}

/**
 * One connection to an SQLite file: the only place that knows `node:sqlite`. Statements are prepared once and kept.
 * All methods throw LedgerError when the file can't be read or written; other errors of SQLite (a violated constraint,
 * a mistake in a statement) are defects and come as they are.
 */
export class Database implements Disposable {
  readonly path: string;
  readonly #handle: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: bigint;

  constructor(path: string, options: DatabaseOptions = {}) {
    this.path = path;
    try {
      this.#handle = new DatabaseSync(path, {
        readOnly: options.readOnly ?? false,
        timeout: BUSY_TIMEOUT_MS,
      });
      this.#inode = statSync(path, { bigint: true }).ino;
    } catch (error) {
      throw toLedgerError(error, path);
    }
  }

  /** Runs statements that have neither parameters nor an answer. */
  execute(sql: string): void {
    this.#guard(() => this.#handle.exec(sql));
  }

  /** Runs one statement that changes rows; returns how many. */
  run(sql: string, ...values: Value[]): number {
    return this.#guard(() => Number(this.#prepared(sql).run(...values).changes));
  }

  /** The first row of an answer. */
  get(sql: string, ...values: Value[]): Row | undefined {
    return this.#guard(() => this.#prepared(sql).get(...values));
  }

  /** All rows of an answer. */
  all(sql: string, ...values: Value[]): readonly Row[] {
    return this.#guard(() => this.#prepared(sql).all(...values));
  }

  /** All rows of a statement that is composed at run time and therefore not kept. */
  query(sql: string, values: readonly Value[]): readonly Row[] {
    return this.#guard(() => this.#handle.prepare(sql).all(...values));
  }

  /** Hands over the rows of an answer one by one, without holding all of them in memory. */
  forEach(sql: string, values: readonly Value[], visit: (row: Row) => void): void {
    this.#guard(() => {
      for (const row of this.#prepared(sql).iterate(...values)) visit(row);
    });
  }

  /** The value of a pragma that answers with one number. */
  pragmaNumber(name: 'application_id' | 'user_version' | 'data_version'): number {
    return Number(this.get(`PRAGMA ${name}`)?.[name]);
  }

  /**
   * Starts a transaction: `deferred` to read, `immediate` to write, `exclusive` to lock everybody out. Refuses when
   * the file was removed or replaced meanwhile, because nobody would ever read again what is written to it.
   */
  begin(mode: 'deferred' | 'immediate' | 'exclusive'): void {
    this.#guard(() => {
      this.#handle.exec(BEGIN[mode]);
    });
    if (this.#isSameFile()) return;
    this.rollback();
    throw new LedgerError(
      'LEDGER_LOST',
      `${this.path} was removed or replaced while it was in use; restart the agent to use the new file`,
    );
  }

  commit(): void {
    this.#guard(() => this.#handle.exec('COMMIT'));
  }

  /** Undoes the open transaction, if there is one: SQLite ends it by itself after some errors. */
  rollback(): void {
    if (!this.#handle.isOpen || !this.#handle.isTransaction) return;
    this.#guard(() => this.#handle.exec('ROLLBACK'));
  }

  /** Closes the connection; a transaction that is open is undone. Closing again does nothing. */
  close(): void {
    if (this.#handle.isOpen) this.#handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #isSameFile(): boolean {
    return statSync(this.path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#handle.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toLedgerError(error, this.path);
    }
  }
}

const BEGIN = {
  deferred: 'BEGIN DEFERRED',
  immediate: 'BEGIN IMMEDIATE',
  exclusive: 'BEGIN EXCLUSIVE',
} as const;
