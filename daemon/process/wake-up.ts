/** The longest time that a timer can be set to (Node.js: 2^31 - 1 milliseconds). */
const timerMsMax = 2 ** 31 - 1;

/** Lets one loop rest until there is something to do. */
export class WakeUp {
  #isDue = false;
  #end: (() => void) | undefined;

  /** Ends the rest that is under way, or else the next one. */
  wake(): void {
    this.#isDue = true;
    this.#end?.();
  }

  /** Waits, without keeping the process alive, until it is woken, the time is over or the signal is aborted. */
  async rest(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isDue && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = (): void => resolve();
      this.#end = end;
      const timer = setTimeout(end, Math.min(Math.max(ms, 0), timerMsMax)).unref();
      signal.addEventListener('abort', end, { once: true });
      await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.#end = undefined;
    }
    this.#isDue = false;
  }
}
