import { waitOrAbort } from '../../src/async/wait-or-abort.ts';

/** Lets one task at a time work on a key. Waiting tasks go first come, first served. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `task` when all earlier tasks of the key have settled.
   *
   * @throws what the signal was aborted with, when that happens before the task starts; the task then never runs
   */
  async run<T>(key: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: mine, resolve: release } = Promise.withResolvers<void>();
    const tail = before === undefined ? mine : before.then(() => mine);
    this.#tails.set(key, tail);
    // Only when all earlier tasks have settled too: one that gave up waiting must not open the key.
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    try {
      if (before !== undefined) await waitOrAbort(before, signal);
      signal?.throwIfAborted();
      return await task();
    } finally {
      release();
    }
  }
}
