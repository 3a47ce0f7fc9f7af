/**
 * Waits for a promise, or until the signal is aborted. What the promise stands for goes on either way; a signal that is aborted
 * already wins.
 *
 * @throws what the promise rejects with, or the signal's reason
 */
export async function waitOrAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // Raced even then: a promise that rejects later must not go unheard.
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
