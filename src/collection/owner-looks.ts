/** Times between looks at a static owner, in milliseconds. */
export interface OwnerLookTimes {
  /** Between two looks at one. */
  readonly againMs: number;
  /** How long it must have been invalid: at least two looks, the first and the last of that time. */
  readonly invalidMs: number;
}

interface Look {
  readonly lookedMs: number;
  /** When it was first found invalid without having been found valid since. */
  readonly invalidSinceMs?: number;
}

/**
 * Which static owners are to be looked at, and which have been gone for long enough. All times are of one monotonic clock, the caller's
 * own.
 */
export class OwnerLooks {
  readonly #times: OwnerLookTimes;
  #looks = new Map<string, Look>();

  constructor(times: OwnerLookTimes) {
    this.#times = times;
  }

  /** Owners that were found invalid, but not for long enough. */
  get suspected(): number {
    let count = 0;
    for (const { invalidSinceMs } of this.#looks.values()) if (invalidSinceMs !== undefined) count += 1;
    return count;
  }

  /**
   * Which of these owners are to be looked at now: those never looked at, then those whose look is longest ago. Owners that are not
   * among them are forgotten.
   */
  due(keys: ReadonlySet<string>, nowMs: number): string[] {
    this.#looks = new Map([...this.#looks].filter(([key]) => keys.has(key)));
    const due = [...keys].filter((key) => this.#dueMs(key) <= nowMs);
    return due.sort((a, b) => this.#lookedMs(a) - this.#lookedMs(b));
  }

  /**
   * Takes in what a look has shown.
   *
   * @returns whether the owner has been invalid for long enough
   */
  looked(key: string, isValid: boolean, nowMs: number): boolean {
    if (isValid) {
      this.#looks.set(key, { lookedMs: nowMs });
      return false;
    }
    const invalidSinceMs = this.#looks.get(key)?.invalidSinceMs ?? nowMs;
    this.#looks.set(key, { lookedMs: nowMs, invalidSinceMs });
    return nowMs > invalidSinceMs && nowMs - invalidSinceMs >= this.#times.invalidMs;
  }

  /** When the next look is due; what is due already and could not be done waits for `againMs`. Infinity when there is none. */
  nextDueMs(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const key of this.#looks.keys()) {
      const dueMs = this.#dueMs(key);
      nextMs = Math.min(nextMs, dueMs > nowMs ? dueMs : nowMs + this.#times.againMs);
    }
    return nextMs;
  }

  #dueMs(key: string): number {
    const look = this.#looks.get(key);
    if (look === undefined) return Number.NEGATIVE_INFINITY;
    const { lookedMs, invalidSinceMs = Number.POSITIVE_INFINITY } = look;
    const { againMs, invalidMs } = this.#times;
    // It may be invalid, and valid again, in between: so one that is invalid is looked at as often, and when its time is over.
    return Math.min(lookedMs + againMs, Math.max(lookedMs, invalidSinceMs + invalidMs));
  }

  #lookedMs(key: string): number {
    return this.#looks.get(key)?.lookedMs ?? Number.NEGATIVE_INFINITY;
  }
}
