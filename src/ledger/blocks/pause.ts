import { setTimeout as sleep } from 'node:timers/promises';

/** Pauses between tries while the API server can't be used, doubling from the first to the last. */
const PAUSE_FIRST_MS = 100;
const PAUSE_LAST_MS = 5000;

/** How long to wait after so many failures in a row: less than twice as long each time, at random, so that nodes part. */
export function backOffMs(failures: number, random: () => number): number {
  const limitMs = Math.min(PAUSE_FIRST_MS * 2 ** Math.min(failures, 16), PAUSE_LAST_MS);
  return limitMs * (0.5 + random() / 2);
}

/** Waits so long, or until the signal is aborted. Never rejects. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Whoever waits looks at the signal.
  }
}

/**
 * Waits for a promise, or until the signal is aborted; what is waited for goes on.
 * @throws the signal's reason
 */
export async function waitFor<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
