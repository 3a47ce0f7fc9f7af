import { KubeError } from '../../../src/kube/kube-api.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { WakeUp } from '../../process/wake-up.ts';

/** Work at once: enough to fill the budget of writes over a slow network, few enough for the API server's fairness. */
const runningMax = 16;

/** Waits after failures in a row: first, and at most. */
const backOffMsMin = 500;
const backOffMsMax = 60_000;

/** A write that met another one is made again once the watch has told of that. */
const conflictRestMs = 250;

export interface PacedQueueOptions {
  /**
   * Does what there is to do for a key.
   *
   * @returns the least time until the key's next turn, in milliseconds
   */
  readonly work: (key: string, signal: AbortSignal) => Promise<Turn>;
  /** Changes within this time after the first one are worked off together, in milliseconds. */
  readonly gatherMs: number;
  readonly log: Logger;
  /** For messages. */
  readonly name: string;
}

/** What came of a turn. */
export interface Turn {
  /** The next one begins no earlier, in milliseconds from now. */
  readonly restMs: number;
  /** Whether there is a next one without a further mark. */
  readonly isAgain: boolean;
}

interface Entry {
  isDue: boolean;
  isRunning: boolean;
  notBeforeMs: number;
  failures: number;
}

/**
 * Works off keys that were marked, several at once but each alone, and each no more often than its last turn asked for. A key whose work
 * fails is tried again ever more rarely, and holds up no other.
 */
export class PacedQueue {
  readonly #options: PacedQueueOptions;
  /** The key that has waited longest is first. */
  readonly #entries = new Map<string, Entry>();
  readonly #wakeUp = new WakeUp();
  readonly #running = new Set<Promise<void>>();

  constructor(options: PacedQueueOptions) {
    this.#options = options;
  }

  /** Notes that there may be something to do for a key. */
  mark(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.isDue === true) return;
    const gatheredMs = performance.now() + this.#options.gatherMs;
    if (entry === undefined) {
      this.#entries.set(key, { isDue: true, isRunning: false, notBeforeMs: gatheredMs, failures: 0 });
    } else {
      entry.isDue = true;
      entry.notBeforeMs = Math.max(entry.notBeforeMs, gatheredMs);
    }
    this.#wakeUp.wake();
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#startDue(signal);
      await this.#wakeUp.rest(this.#waitMs(), signal);
    }
    await Promise.all(this.#running);
  }

  #startDue(signal: AbortSignal): void {
    const nowMs = performance.now();
    for (const [key, entry] of this.#entries) {
      if (this.#running.size >= runningMax) return;
      if (entry.isRunning) continue;
      if (!entry.isDue) {
        // What is known of it is only when its next turn may be.
        if (entry.notBeforeMs <= nowMs) this.#entries.delete(key);
        continue;
      }
      if (entry.notBeforeMs > nowMs) continue;
      const turn = this.#turn(key, entry, signal).finally(() => {
        this.#running.delete(turn);
        this.#wakeUp.wake();
      });
      this.#running.add(turn);
    }
  }

  /** Until something may begin, in milliseconds; the end of what runs wakes in any case. */
  #waitMs(): number {
    if (this.#running.size >= runningMax) return Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { isDue, isRunning, notBeforeMs } of this.#entries.values()) {
      if (isDue && !isRunning) nextMs = Math.min(nextMs, notBeforeMs);
    }
    return nextMs - performance.now();
  }

  /** Never rejects. */
  async #turn(key: string, entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isDue = false;
    entry.isRunning = true;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    try {
      const { restMs, isAgain } = await this.#options.work(key, signal);
      entry.failures = 0;
      entry.isDue ||= isAgain;
      entry.notBeforeMs = performance.now() + restMs;
    } catch (error) {
      entry.isDue = true;
      entry.notBeforeMs = performance.now() + this.#restAfter(key, entry, error, signal);
    } finally {
      entry.isRunning = false;
    }
  }

  #restAfter(key: string, entry: Entry, error: unknown, signal: AbortSignal): number {
    const { log, name } = this.#options;
    entry.failures += 1;
    const { failures } = entry;
    const isConflict = error instanceof KubeError && error.status === 409;
    const doubledMs = backOffMsMin * 2 ** Math.min(failures - 1, 10);
    // A conflict is nothing to speak of unless it goes on.
    const isTold = !signal.aborted && Number.isInteger(Math.log2(failures)) && (!isConflict || failures > 2);
    log[isTold ? 'warn' : 'debug']({ err: error, [name]: key, failures }, `${name} can not be written now`);
    if (isConflict && failures === 1) return conflictRestMs;
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(doubledMs, backOffMsMax) * (1 - Math.random() / 2));
  }
}
