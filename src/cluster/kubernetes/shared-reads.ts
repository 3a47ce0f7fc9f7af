import { waitOrAbort } from '../../async/wait-or-abort.ts';

/** Answers that are kept at once. They are kept for a moment only; more are read again. */
const keptMax = 1024;

interface SharedRead<T> {
  readonly promise: Promise<T>;
  readonly abort: AbortController;
  waiters: number;
  /** When the answer came, in milliseconds of performance.now(); undefined while it is waited for. */
  answeredMs?: number;
}

/**
 * Lets those who ask for the same thing at the same time share one reading. An answer may be as old as the reading is long,
 * and `keepMs` more: it is for facts that once true stay true, such as that a UID is gone.
 */
export class SharedReads<T> {
  readonly #reads = new Map<string, SharedRead<T>>();
  readonly #keepMs: number;

  /** @param options.keepMs how long an answer serves those who ask after it came. @default 0 */
  constructor(options: { readonly keepMs?: number } = {}) {
    this.#keepMs = options.keepMs ?? 0;
  }

  /**
   * What `read` tells of a key, from a reading that is under way if there is one. The reading is cancelled when nobody waits
   * for it any more; failures are not kept.
   *
   * @throws what `read` rejects with, or the signal's reason
   */
  async get(
    key: string,
    signal: AbortSignal | undefined,
    read: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const shared = this.#current(key) ?? this.#start(key, read);
    shared.waiters += 1;
    try {
      return await waitOrAbort(shared.promise, signal);
    } finally {
      shared.waiters -= 1;
      if (shared.waiters === 0 && shared.answeredMs === undefined) {
        this.#drop(key, shared);
        shared.abort.abort();
      }
    }
  }

  #current(key: string): SharedRead<T> | undefined {
    const shared = this.#reads.get(key);
    if (shared?.answeredMs === undefined) return shared;
    return performance.now() - shared.answeredMs <= this.#keepMs ? shared : undefined;
  }

  #start(key: string, read: (signal: AbortSignal) => Promise<T>): SharedRead<T> {
    const abort = new AbortController();
    const shared: SharedRead<T> = { promise: read(abort.signal), abort, waiters: 0 };
    this.#reads.set(key, shared);
    shared.promise.then(
      () => {
        shared.answeredMs = performance.now();
        if (this.#keepMs === 0) this.#drop(key, shared);
        else this.#forgetOld();
      },
      () => {
        shared.answeredMs = performance.now();
        this.#drop(key, shared);
      },
    );
    return shared;
  }

  #drop(key: string, shared: SharedRead<T>): void {
    if (this.#reads.get(key) === shared) this.#reads.delete(key);
  }

  /** In the order of their start, so about in that of their age. */
  #forgetOld(): void {
    for (const [key, { answeredMs }] of this.#reads) {
      if (answeredMs === undefined) continue;
      const isOld = performance.now() - answeredMs > this.#keepMs;
      if (!isOld && this.#reads.size <= keptMax) return;
      this.#reads.delete(key);
    }
  }
}
