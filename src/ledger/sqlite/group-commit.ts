import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LedgerError } from '../errors.ts';

/** Requests in one transaction: it holds the event loop for some 10 ms at most. */
const BATCH_MAX = 256;
/** Requests that may wait: two seconds of work at the slowest rate promised, more than a node starts pods at once. */
const QUEUE_MAX = 4096;
/** How long a request waits for another process to let go of the store. A DEL is answered from a tombstone after 3 s. */
const BUSY_LIMIT_MS = 2500;
/** Pauses between tries while the store is locked, doubling from the first to the last. */
const BUSY_PAUSE_FIRST_MS = 2;
const BUSY_PAUSE_LAST_MS = 100;

/** One request: decided on the state that all before it have left, then written. */
export interface Job<P, T> {
  /** Decides without changing anything. What it throws fails only this request, unless the store failed. */
  readonly decide: () => P;
  /** Writes what was decided. What it throws undoes the whole transaction. */
  readonly apply: (plan: P) => T;
  /** Whether it gives space back, and so is tried again when the disk is full. */
  readonly frees: boolean;
}

/** The store as the queue sees it. All methods are synchronous, and throw LedgerError when the store fails. */
export interface TransactionalStore {
  readonly path: string;
  /** Starts a transaction in which everything read is what is committed. One that can't be started leaves nothing open. */
  begin(): void;
  commit(): void;
  /** Undoes the transaction and forgets whatever was derived from it. Never throws. */
  abandon(): void;
  /** Makes room by moving the write-ahead log into the database. Never throws. */
  makeRoom(): void;
}

export interface GroupCommitOptions {
  /** @default 4096 */
  readonly queueMax?: number;
  /** In milliseconds. @default 2500 */
  readonly busyLimitMs?: number;
}

interface Waiting {
  readonly frees: boolean;
  readonly sinceMs: number;
  /** Decides and writes. Throws only what undoes the transaction. */
  readonly attempt: () => void;
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Gathers requests while the event loop turns and commits them together, so that any number of them share one flush to
 * the disk. A request is answered only after the commit. Requests are taken in their order.
 */
export class GroupCommit {
  readonly #store: TransactionalStore;
  readonly #queueMax: number;
  readonly #busyLimitMs: number;
  readonly #waiting = new Set<Waiting>();
  #worker: Promise<void> | undefined;
  #closed = false;

  constructor(store: TransactionalStore, options: GroupCommitOptions = {}) {
    this.#store = store;
    this.#queueMax = options.queueMax ?? QUEUE_MAX;
    this.#busyLimitMs = options.busyLimitMs ?? BUSY_LIMIT_MS;
  }

  /** Queues a request. Aborting takes it out of the queue unless its transaction has begun. */
  submit<P, T>(job: Job<P, T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.#closed) throw new LedgerError('LEDGER_CLOSED', `${this.#store.path} is closed`);
    if (this.#waiting.size >= this.#queueMax) {
      throw new LedgerError('LEDGER_OVERLOADED', `${this.#queueMax} requests wait for ${this.#store.path}`);
    }
    return new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        if (this.#waiting.delete(waiting)) reject(signal?.reason as Error);
      };
      const waiting = waitingFor(job, {
        resolve: (value) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(value);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(waiting);
      this.#worker ??= this.#work();
    });
  }

  /** Takes no more requests, and resolves when those that wait are answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker;
  }

  async #work(): Promise<void> {
    let pauseMs = BUSY_PAUSE_FIRST_MS;
    try {
      while (this.#waiting.size > 0) {
        // One turn of the event loop: whatever arrives in it shares the transaction.
        await nextTurn();
        if (this.#waiting.size === 0) return;
        if (this.#tryBatch()) {
          pauseMs = BUSY_PAUSE_FIRST_MS;
          continue;
        }
        await sleep(pauseMs * (0.5 + Math.random() / 2));
        pauseMs = Math.min(pauseMs * 2, BUSY_PAUSE_LAST_MS);
      }
    } finally {
      this.#worker = undefined;
    }
  }

  /** Commits what waits, up to the limit. Returns false when the store is locked and should be tried again later. */
  #tryBatch(): boolean {
    try {
      this.#store.begin();
    } catch (error) {
      if (!isCode(error, 'LEDGER_BUSY')) {
        for (const waiting of this.#take(this.#waiting.size)) waiting.fail(error);
        return true;
      }
      this.#failOverdue(error);
      return false;
    }
    const batch = this.#take(BATCH_MAX);
    const failure = this.#commit(batch);
    if (failure !== undefined) this.#recover(batch, failure.error);
    return true;
  }

  /** Runs requests inside of the transaction that has begun. Returns what failed, after undoing everything. */
  #commit(batch: readonly Waiting[]): { readonly error: unknown } | undefined {
    try {
      for (const waiting of batch) waiting.attempt();
      this.#store.commit();
    } catch (error) {
      this.#store.abandon();
      return { error };
    }
    for (const waiting of batch) waiting.answer();
    return undefined;
  }

  /**
   * A failed store fails all. On a full disk what gives space back is tried once more, after the log has been moved into
   * the database and its space is free for use. Any other failure is the fault of one request: each is tried alone.
   */
  #recover(batch: readonly Waiting[], error: unknown): void {
    let retried: readonly (readonly Waiting[])[] = [];
    if (isCode(error, 'LEDGER_FULL')) {
      this.#store.makeRoom();
      const freeing = batch.filter((waiting) => waiting.frees);
      if (freeing.length > 0) retried = [freeing];
    } else if (!(error instanceof LedgerError)) {
      retried = batch.map((waiting) => [waiting]);
    }
    const again = new Set(retried.flat());
    for (const waiting of batch) if (!again.has(waiting)) waiting.fail(error);
    for (const group of retried) this.#commitAgain(group);
  }

  #commitAgain(group: readonly Waiting[]): void {
    let error: unknown;
    try {
      this.#store.begin();
      const failure = this.#commit(group);
      if (failure === undefined) return;
      error = failure.error;
    } catch (beginning) {
      error = beginning;
    }
    for (const waiting of group) waiting.fail(error);
  }

  #take(count: number): readonly Waiting[] {
    const taken: Waiting[] = [];
    for (const waiting of this.#waiting) {
      if (taken.length === count) break;
      this.#waiting.delete(waiting);
      taken.push(waiting);
    }
    return taken;
  }

  #failOverdue(error: unknown): void {
    const overdueMs = performance.now() - this.#busyLimitMs;
    for (const waiting of this.#waiting) {
      // In the order of their arrival: all that follow are younger.
      if (waiting.sinceMs > overdueMs) return;
      this.#waiting.delete(waiting);
      waiting.fail(error);
    }
  }
}

function waitingFor<P, T>(
  job: Job<P, T>,
  settle: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void },
): Waiting {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  const decide = (): { readonly plan: P } | undefined => {
    try {
      return { plan: job.decide() };
    } catch (error) {
      if (error instanceof LedgerError) throw error;
      outcome = { error };
      return undefined;
    }
  };
  return {
    frees: job.frees,
    sinceMs: performance.now(),
    attempt: () => {
      const decided = decide();
      if (decided !== undefined) outcome = { value: job.apply(decided.plan) };
    },
    answer: () => {
      if (outcome === undefined) throw new Error('a request was answered that never ran');
      if ('value' in outcome) settle.resolve(outcome.value);
      else settle.reject(outcome.error);
    },
    fail: settle.reject,
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof LedgerError && error.code === code;
}
