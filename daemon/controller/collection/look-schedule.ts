/** Timers take no more than this; a look that is further away comes then. */
const timerMsMax = 2 ** 31 - 1;

/** Says when the next look is due. All times are of performance.now(). */
export class LookSchedule {
  #dueMs = Number.NEGATIVE_INFINITY;
  #earliestMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;

  /** Asks for a look at this time at the latest. */
  by(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#set();
  }

  /** No look comes before this time, whoever asks for it. */
  notBefore(earliestMs: number): void {
    this.#earliestMs = earliestMs;
    this.#set();
  }

  /** Waits for the time of the next look, or the signal; what is asked for from then on is for the look after it. The first is due at once. */
  async due(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    this.#wake = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) resolve();
    this.#set();
    await promise;
    signal.removeEventListener('abort', onAbort);
    this.#wake = undefined;
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #set(): void {
    if (this.#wake === undefined) return;
    clearTimeout(this.#timer);
    const inMs = Math.max(this.#dueMs, this.#earliestMs) - performance.now();
    this.#timer = setTimeout(this.#wake, Math.min(Math.max(inMs, 0), timerMsMax));
  }
}
