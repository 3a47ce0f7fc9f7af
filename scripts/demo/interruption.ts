const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Ctrl-C, a signal that ends, or nobody reading our output any more: from its creation on none of them ends the process before it
 * has cleaned up.
 */
export class Interruption {
  readonly #happened = Promise.withResolvers<never>();
  #signal: NodeJS.Signals | undefined;

  constructor(output: NodeJS.WritableStream) {
    // The listeners stay: npm passes on a Ctrl-C that the terminal has sent already.
    for (const signal of signals) process.on(signal, () => this.#interrupt(signal));
    // `npm run demo | head`
    output.on('error', () => this.#interrupt('SIGPIPE'));
    this.#happened.promise.catch(() => undefined);
  }

  get happened(): boolean {
    return this.#signal !== undefined;
  }

  /**
   * Waits for the work, but not longer than until an interruption. The work itself goes on: take away what it works on.
   * @throws Error when interrupted, and whatever the work throws
   */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#happened.promise]);
  }

  /** After an interruption: ends the process at once, as the signal would have done, so that a shell sees why. */
  endProcess(): void {
    if (this.#signal === undefined) return;
    // Node ignores SIGPIPE, so that one does not end it.
    process.exitCode = 1;
    process.removeAllListeners(this.#signal);
    process.kill(process.pid, this.#signal);
  }

  #interrupt(signal: NodeJS.Signals): void {
    if (this.#signal !== undefined) return;
    this.#signal = signal;
    this.#happened.reject(new Error(`interrupted by ${signal}`));
  }
}
