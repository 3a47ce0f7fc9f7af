import { LedgerError } from '../errors.ts';

/** Operations that may wait: more than a node starts pods at once, also while the API server is away. */
const OPERATIONS_MAX = 4096;

/** Work that goes on after an operation was answered; the operation's keys stay taken until it has ended. */
export type KeepBusy = (work: Promise<unknown>) => void;

/** Runs operations one after the other that share a key, in the order in which they were asked for. */
export class Operations {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  /** Whether an operation with this key runs or waits. */
  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }

  /** @throws LedgerError LEDGER_OVERLOADED */
  async run<T>(keys: readonly string[], work: (keepBusy: KeepBusy) => Promise<T>): Promise<T> {
    if (this.#running.size >= OPERATIONS_MAX) {
      throw new LedgerError('LEDGER_OVERLOADED', `${OPERATIONS_MAX} requests wait for the API server`);
    }
    const before = keys.flatMap((key) => this.#tails.get(key) ?? []);
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    // All keys at once and before any wait: so nobody waits for one who waits for him.
    for (const key of keys) this.#tails.set(key, ended);
    this.#running.add(ended);
    const background: Promise<unknown>[] = [];
    try {
      await Promise.all(before);
      return await work((promise) => background.push(promise));
    } finally {
      void Promise.allSettled(background).then(() => {
        for (const key of keys) if (this.#tails.get(key) === ended) this.#tails.delete(key);
        this.#running.delete(ended);
        resolve();
      });
    }
  }

  /** Waits until everything that runs now has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }
}
