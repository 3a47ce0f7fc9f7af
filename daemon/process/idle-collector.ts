import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

/** How often is looked whether the daemon rests. */
const periodMs = 2_000;

/** It rests when so many looks in a row found no request under way and none that came in between: a burst has pauses too. */
const quietLooksMin = 3;

/** Collections while it rests: pages that the first one empties go back to the system with the second. */
const collectionsMax = 2;

/** A heap that has grown by this much without a request was used by other work, such as a sweep. */
const growthBytesMin = 4 * 1024 * 1024;

/** What a daemon has had to do. */
export interface Activity {
  /** Requests that came in so far. */
  readonly served: number;
  /** Requests that wait for their answer. */
  readonly underWay: number;
}

/** Decides when a resting daemon collects its garbage. Pure but for what it remembers of the last look. */
export class RestingHeap {
  #served = -1;
  #quietLooks = 0;
  #collections = 0;
  #collectedBytes = 0;

  /** One look: whether to collect now, by what was to do and how large the heap is. */
  isDue({ served, underWay }: Activity, bytes: number): boolean {
    const isBusy = served !== this.#served || underWay > 0;
    this.#served = served;
    this.#quietLooks = isBusy ? 0 : this.#quietLooks + 1;
    if (isBusy || bytes > this.#collectedBytes + growthBytesMin) this.#collections = 0;
    return this.#quietLooks >= quietLooksMin && this.#collections < collectionsMax;
  }

  /** Takes note of a collection, after which the heap is this large. */
  collected(bytes: number): void {
    this.#collections += 1;
    this.#collectedBytes = bytes;
  }
}

/**
 * Gives memory back after work: V8 collects only when it needs space, so that the garbage of a burst would stay for as long
 * as the daemon rests. Collecting takes some 30 ms, in which a request would wait; so only while there are none. Does
 * nothing where V8 exposes no collection (`--expose-gc`). Never rejects; ends when the signal is aborted.
 *
 */
export async function collectWhileIdle(activity: () => Activity, signal: AbortSignal): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const resting = new RestingHeap();
  while (!signal.aborted) {
    await sleep(periodMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted || !resting.isDue(activity(), heapBytes())) continue;
    // The flavor that also empties caches and gives free pages back at once.
    gc({ execution: 'sync', type: 'major', flavor: 'last-resort' });
    resting.collected(heapBytes());
  }
}

function heapBytes(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
