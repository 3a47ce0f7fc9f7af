import type { EndpointKey } from '../../../src/endpoints/endpoint-key.ts';

/** Endpoints that wait at most: far more than a node has pods. What does not fit is found by the next look at all of them. */
const keysMax = 10_000;

/**
 * Nothing is written before no address was claimed or released for so long: endpoints must not slow a burst of ADDs. Each one that
 * waits lengthens it, because the more pods a node starts, the more others may start at the same time.
 */
const quietMs = 1_500;
const quietMsEach = 250;

/** An endpoint waits no longer than this for quiet. */
const quietWaitMsMax = 10_000;

/** The first wait after a failure, doubled with each further one. */
const retryMs = 500;
const retryMsMax = 60_000;

/** What to do next: a key to work on, or how long to wait. */
export type EndpointTurn = { readonly key: EndpointKey } | { readonly waitMs: number };

/** Where a key stands in the queue; all times on one monotonic clock. */
interface Waiting {
  readonly sinceMs: number;
  readonly dueMs: number;
}

/**
 * Which endpoints to look at, each once however often it changed, when the node is quiet or they have waited long enough. A key that
 * is being worked on is not handed out a second time. Time and randomness are arguments.
 */
export class EndpointQueue {
  readonly #random: () => number;
  readonly #waiting = new Map<EndpointKey, Waiting>();
  readonly #busy = new Set<EndpointKey>();
  readonly #failures = new Map<EndpointKey, number>();
  #changedMs = Number.NEGATIVE_INFINITY;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether the key waits or is being worked on. */
  has(key: EndpointKey): boolean {
    return this.#waiting.has(key) || this.#busy.has(key);
  }

  isBusy(key: EndpointKey): boolean {
    return this.#busy.has(key);
  }

  /** An address of this endpoint was claimed or released just now. */
  changed(key: EndpointKey, nowMs: number): void {
    this.#changedMs = nowMs;
    this.add(key, nowMs);
  }

  /** Puts a key in; one that waits already keeps its place, and its earlier time. */
  add(key: EndpointKey, nowMs: number, delayMs = 0): void {
    const before = this.#waiting.get(key);
    if (before === undefined && this.#waiting.size >= keysMax) return;
    const sinceMs = before?.sinceMs ?? nowMs;
    this.#waiting.set(key, { sinceMs, dueMs: Math.min(before?.dueMs ?? Infinity, nowMs + delayMs) });
  }

  /** Hands out the key whose turn it is, if there is one; undefined when nothing waits. */
  take(nowMs: number): EndpointTurn | undefined {
    let turnMs = Infinity;
    const quietMsNow = quietMs + quietMsEach * Math.max(0, this.#waiting.size - 1);
    for (const [key, { sinceMs, dueMs }] of this.#waiting) {
      if (this.#busy.has(key)) continue;
      const quietAtMs = Math.min(this.#changedMs + quietMsNow, sinceMs + quietWaitMsMax);
      const readyMs = Math.max(dueMs, quietAtMs);
      if (readyMs <= nowMs) {
        this.#waiting.delete(key);
        this.#busy.add(key);
        return { key };
      }
      turnMs = Math.min(turnMs, readyMs);
    }
    return turnMs === Infinity ? undefined : { waitMs: turnMs - nowMs };
  }

  /** The work on a key is done. */
  done(key: EndpointKey): void {
    this.#busy.delete(key);
    this.#failures.delete(key);
  }

  /** The work on a key failed: it comes again after a wait that grows with each failure. */
  failed(key: EndpointKey, nowMs: number): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#busy.delete(key);
    this.#failures.set(key, failures);
    const waitMs = Math.min(retryMsMax, retryMs * 2 ** Math.min(failures - 1, 10));
    // What changed meanwhile must not go round the wait.
    this.#waiting.delete(key);
    this.add(key, nowMs, waitMs * (0.5 + this.#random() / 2));
  }
}
