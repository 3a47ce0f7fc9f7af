import { pause } from '../../async/pause.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import { closedError } from './to-ledger-error.ts';

/** The first rest after a reading that found nothing; each further one is twice as long. */
const REST_FIRST_MS = 100;

export interface RoundsOptions {
  /** The longest rest between readings that find nothing, in milliseconds. */
  readonly restMsMax: number;
  readonly random: () => number;
  /** Ends every wait with LEDGER_CLOSED. */
  readonly closing: AbortSignal;
}

/**
 * Shares expensive readings: one at a time, each for all who asked before it began. After one in which nobody found anything
 * the next rests, longer each time.
 */
export class Rounds<T> {
  readonly #read: (waiting: number) => Promise<T>;
  readonly #options: RoundsOptions;
  readonly #waiting = new Set<PromiseWithResolvers<T>>();
  #isWorking = false;
  #restMs = 0;
  #notBeforeMs = 0;
  #wake = new AbortController();
  #empty: T | undefined;

  constructor(read: (waiting: number) => Promise<T>, options: RoundsOptions) {
    this.#read = read;
    this.#options = options;
  }

  /** Whether a reading found nothing a moment ago, so that the next waits. */
  get isResting(): boolean {
    return performance.now() < this.#notBeforeMs;
  }

  /** A reading that begins after this call. */
  async next(signal: AbortSignal | undefined): Promise<T> {
    const waiter = Promise.withResolvers<T>();
    this.#waiting.add(waiter);
    this.#start();
    try {
      return await waitOrAbort(waiter.promise, signal);
    } finally {
      this.#waiting.delete(waiter);
    }
  }

  /** Somebody found nothing in this reading. */
  foundNothing(reading: T): void {
    if (this.#empty === reading) return;
    this.#empty = reading;
    this.#restMs = Math.min(Math.max(REST_FIRST_MS, this.#restMs * 2), this.#options.restMsMax);
    this.#notBeforeMs = performance.now() + this.#restMs * (0.5 + this.#options.random() / 2);
  }

  /** Something may be there again: the next reading need not rest. */
  reset(): void {
    this.#restMs = 0;
    this.hurry();
  }

  /** The next reading need not rest. */
  hurry(): void {
    this.#notBeforeMs = 0;
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  #start(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    const { closing } = this.#options;
    while (this.#waiting.size > 0) {
      await this.#rest();
      const round = [...this.#waiting];
      try {
        if (closing.aborted) throw closedError();
        if (round.length === 0) break;
        for (const waiter of round) this.#waiting.delete(waiter);
        const reading = await this.#read(round.length);
        for (const waiter of round) waiter.resolve(reading);
      } catch (error) {
        for (const waiter of round) {
          this.#waiting.delete(waiter);
          waiter.reject(closing.aborted ? closedError() : error);
        }
      }
    }
    this.#isWorking = false;
  }

  async #rest(): Promise<void> {
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) {
      if (this.#options.closing.aborted) return;
      await pause(leftMs, AbortSignal.any([this.#wake.signal, this.#options.closing]));
    }
  }

  #leftMs(): number {
    return this.#notBeforeMs - performance.now();
  }
}
