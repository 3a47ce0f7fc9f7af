/** Names of what is to be done, each with the time from which on. Told twice, the earlier time counts. */
export class DueNames {
  readonly #dueMs = new Map<string, number>();
  #woken = Promise.withResolvers<void>();

  /** @param atMs in milliseconds of performance.now() */
  add(name: string, atMs: number): void {
    this.#dueMs.set(name, Math.min(atMs, this.#dueMs.get(name) ?? Infinity));
    this.#woken.resolve();
  }

  delete(name: string): void {
    this.#dueMs.delete(name);
  }

  /** Takes out all that are due. */
  take(nowMs: number): string[] {
    const due = [...this.#dueMs].filter(([, atMs]) => atMs <= nowMs).map(([name]) => name);
    for (const name of due) this.#dueMs.delete(name);
    return due;
  }

  /** Waits until a name is due. Never rejects; ends with the signal too. */
  async wait(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = Promise.withResolvers<void>();
      let firstMs = Infinity;
      for (const atMs of this.#dueMs.values()) firstMs = Math.min(firstMs, atMs);
      const pauseMs = firstMs - performance.now();
      if (pauseMs <= 0) return;
      await this.#pause(pauseMs, signal);
    }
  }

  /** Until something was added, `pauseMs` are over, or the signal is aborted. */
  async #pause(pauseMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = this.#woken;
    const timer = pauseMs === Infinity ? undefined : setTimeout(resolve, pauseMs);
    const abort = (): void => resolve();
    signal.addEventListener('abort', abort, { once: true });
    await promise;
    signal.removeEventListener('abort', abort);
    clearTimeout(timer);
  }
}
