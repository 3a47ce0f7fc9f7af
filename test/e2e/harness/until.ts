import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** @default 120_000: a loaded machine gets its time */
  readonly timeoutMs?: number;
  /** @default 200 */
  readonly pollMs?: number;
}

/** A condition did not come. */
export class UntilError extends Error {
  override readonly name = 'UntilError';
  readonly code = 'SP_CONDITION_TIMEOUT';
}

/**
 * Looks again and again until `look` returns something else than undefined or false. What it throws counts as "not yet".
 * @param what completes "waited for …"
 * @throws UntilError with what was thrown last
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | false>> {
  const { timeoutMs = 120_000, pollMs = 200 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const reason = cause instanceof Error ? `: ${cause.message}` : '';
      throw new UntilError(`waited ${timeoutMs} ms for ${what}${reason}`, { cause });
    }
    await sleep(pollMs);
  }
}
