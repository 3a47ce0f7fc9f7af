/** More wait at a gate than it lets wait. */
export class GateFullError extends Error {
  override readonly name = 'GateFullError';
  readonly code = 'GATE_FULL';
}

/** Lets a bounded number in at once; the others wait in the order they came. */
export class Gate {
  readonly #insideMax: number;
  readonly #waitingMax: number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;

  /**
   * @param insideMax how many are let in
   * @param waitingMax how many may wait
   */
  constructor(insideMax: number, waitingMax: number) {
    this.#insideMax = insideMax;
    this.#waitingMax = waitingMax;
  }

  /**
   * Waits for a place, which is to be given back with `leave()`.
   *
   * @throws GateFullError when too many wait, or the signal's reason when it is aborted first
   */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inside < this.#insideMax) {
      this.#inside += 1;
      return;
    }
    if (this.#waiting.size >= this.#waitingMax) {
      throw new GateFullError(`${this.#inside} requests are under way and ${this.#waiting.size} more wait`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const onAbort = (): void => {
      // Nothing to take back when the place was handed over already: then the promise is settled.
      if (this.#waiting.delete(resolve)) reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Gives a place back, to the first that waits. */
  leave(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#inside -= 1;
      return;
    }
    this.#waiting.delete(first);
    first();
  }
}
