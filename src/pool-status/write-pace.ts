/** A status is written at most so often, however small its pool is: nobody reads faster. */
const intervalMsMin = 1_000;

/**
 * The store keeps every version of an object for some minutes: 10 kB a second for one pool are 3 MB in the five minutes after which the API
 * server compacts them.
 */
const bytesPerSecond = 10_000;

/** A pool besides its map of records. */
const ownBytes = 1_000;

/** The least time from one write of a status to the next, in milliseconds. @param mapBytes size of `allocatedIPs` */
export function writeIntervalMs(mapBytes: number): number {
  return Math.max(intervalMsMin, ((ownBytes + mapBytes) / bytesPerSecond) * 1_000);
}

/** What a write of any pool costs each node: its agent watches the metadata of all pools. */
const bytesPerNode = 400;

/** What all nodes together may be sent for the sake of statuses: a small part of what a network interface of an API server carries. */
const egressBytesPerSecond = 4_000_000;

/** Writes a second in a cluster of few nodes: each is a transaction of etcd, which agents need for addresses. */
const writesPerSecondMax = 100;

/** How many writes all pools together may have, as time goes by: a bucket that holds those of one second. */
export class WriteBudget {
  /** Writes that may be made at once. */
  #writes = 1;
  #filledMs: number;

  /** @param nowMs of a clock that only goes forward, as in all methods */
  constructor(nowMs: number) {
    this.#filledMs = nowMs;
  }

  /** Takes a write if there is one. @returns how long to wait for one, in milliseconds; 0 when it was taken */
  take(nodes: number, nowMs: number): number {
    const perSecond = writesPerSecond(nodes);
    const filled = this.#writes + ((nowMs - this.#filledMs) / 1_000) * perSecond;
    this.#writes = Math.min(filled, Math.max(1, perSecond));
    this.#filledMs = nowMs;
    if (this.#writes < 1) return ((1 - this.#writes) / perSecond) * 1_000;
    this.#writes -= 1;
    return 0;
  }
}

function writesPerSecond(nodes: number): number {
  return Math.min(writesPerSecondMax, egressBytesPerSecond / (bytesPerNode * Math.max(1, nodes)));
}
