/** Pauses between tries while the API server can't be used, doubling from the first to the last. */
const PAUSE_FIRST_MS = 100;
const PAUSE_LAST_MS = 5000;

/** How long to wait after so many failures in a row: less than twice as long each time, at random, so that nodes part. */
export function backOffMs(failures: number, random: () => number): number {
  const limitMs = Math.min(PAUSE_FIRST_MS * 2 ** Math.min(failures, 16), PAUSE_LAST_MS);
  return limitMs * (0.5 + random() / 2);
}
