import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';

/** How often is looked whether the agent rests; it does when no request came in between. */
const periodMs = 2_000;

/** Collections while it rests: pages that the first one empties go back to the system with the second. */
const collectionsMax = 2;

/** A heap that has grown by this much without a request was used by other work, such as a sweep. */
const growthBytesMin = 4 * 1024 * 1024;

/** Decides when a resting agent collects its garbage. Pure but for what it remembers of the last look. */
export class RestingHeap {
  #requests = -1;
  #collections = 0;
  #collectedBytes = 0;

  /** One look: whether to collect now, by how many requests came in so far and how large the heap is. */
  isDue(requests: number, bytes: number): boolean {
    const isBusy = requests !== this.#requests;
    this.#requests = requests;
    if (isBusy || bytes > this.#collectedBytes + growthBytesMin) this.#collections = 0;
    return !isBusy && this.#collections < collectionsMax;
  }

  /** Takes note of a collection, after which the heap is this large. */
  collected(bytes: number): void {
    this.#collections += 1;
    this.#collectedBytes = bytes;
  }
}

/**
 * Gives memory back after work: V8 collects only when it needs space, so that the garbage of a burst would stay for as long
 * as the agent rests. Collecting takes some 30 ms, in which a request would wait; so only while there are none. Does
 * nothing where V8 exposes no collection (`--expose-gc`). Never rejects; ends when the signal is aborted.
 *
 * @param requests how many requests came in so far
 */
export async function collectWhileIdle(requests: () => number, signal: AbortSignal): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const resting = new RestingHeap();
  while (!signal.aborted) {
    await sleep(periodMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted || !resting.isDue(requests(), heapBytes())) continue;
    // The flavor that also empties caches and gives free pages back at once.
    gc({ execution: 'sync', type: 'major', flavor: 'last-resort' });
    resting.collected(heapBytes());
  }
}

function heapBytes(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
