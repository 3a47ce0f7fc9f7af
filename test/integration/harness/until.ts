import { setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what any condition takes on a loaded machine; only a defect reaches it. */
const limitMsDefault = 60_000;
const pollMs = 25;

/**
 * Waits for a condition.
 * @param probe asked again and again, until it returns something else than undefined or false
 * @param what the condition in words, for the message
 * @returns what the probe returned
 * @throws Error when the limit is reached, with what the probe threw last
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs = limitMsDefault,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  let cause: unknown;
  do {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      cause = error;
    }
    await sleep(pollMs);
  } while (performance.now() < deadline);
  throw new Error(`not within ${limitMs} ms: ${what}`, { cause });
}
