/** Something that looks gone at one look. */
export interface Sighting {
  /** What tells it from everything else, over all looks. */
  readonly key: string;
  /** When this changes, the time begins anew. */
  readonly reason: string;
  /** How long it must look so, in milliseconds. */
  readonly waitMs: number;
  /** Whether what it is concluded from was heard of lately. */
  readonly isCurrent: boolean;
}

interface Suspicion {
  readonly reason: string;
  readonly sinceMs: number;
  /** It was known to be so at that time, and did not only look so to somebody who may have missed something. */
  readonly isKnown: boolean;
  readonly dueMs: number;
}

/** What is to be read before anything is done. */
export interface DueSighting<T extends Sighting> {
  readonly sighting: T;
  /** Since when it has looked so, by the caller's clock. */
  readonly sinceMs: number;
  /** False: a reading that agrees only begins the time. */
  readonly isKnown: boolean;
}

/**
 * What looks gone, and for how long: the memory between the looks of a garbage collection. All times are of one monotonic clock, the
 * caller's own.
 */
export class Suspicions {
  #byKey = new Map<string, Suspicion>();

  get size(): number {
    return this.#byKey.size;
  }

  /**
   * Takes in one whole look: what is not seen in it any more is forgotten.
   *
   * @returns what has looked so for long enough, in the order in which it was given
   */
  look<T extends Sighting>(sightings: readonly T[], nowMs: number): DueSighting<T>[] {
    const next = new Map<string, Suspicion>();
    const due: DueSighting<T>[] = [];
    for (const sighting of sightings) {
      const suspicion = continued(this.#byKey.get(sighting.key), sighting, nowMs);
      next.set(sighting.key, suspicion);
      const { sinceMs, isKnown, dueMs } = suspicion;
      if (nowMs >= dueMs) due.push({ sighting, sinceMs, isKnown });
    }
    this.#byKey = next;
    return due;
  }

  /** A reading has shown that it is as it looks: if that was not known before, the time begins now. */
  confirm({ key, waitMs }: Sighting, nowMs: number): void {
    const suspicion = this.#byKey.get(key);
    if (suspicion === undefined || suspicion.isKnown) return;
    this.#byKey.set(key, { ...suspicion, sinceMs: nowMs, isKnown: true, dueMs: nowMs + waitMs });
  }

  /** A reading has shown that it is otherwise, or it was dealt with. If it still looks so the next time, its time begins anew. */
  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** When the next is due; what is due already and could not be done waits for `againMs`. Infinity when there is none. */
  nextDueMs(nowMs: number, againMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#byKey.values()) {
      nextMs = Math.min(nextMs, dueMs > nowMs ? dueMs : nowMs + againMs);
    }
    return nextMs;
  }
}

function continued(before: Suspicion | undefined, sighting: Sighting, nowMs: number): Suspicion {
  const { reason, waitMs, isCurrent } = sighting;
  const isSame = before?.reason === reason && (before.isKnown || !isCurrent);
  const { sinceMs, isKnown } = isSame ? before : { sinceMs: nowMs, isKnown: isCurrent };
  return { reason, sinceMs, isKnown, dueMs: sinceMs + waitMs };
}
