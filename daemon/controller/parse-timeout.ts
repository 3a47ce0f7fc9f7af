import { InvalidArgumentError } from 'commander';
import { parseReuseDelayMs } from '../../src/api/reuse-delay.ts';

/** Timers of the runtime take no more than 2^31 ms; a day is a mistake in the unit already. */
const timeoutMsMax = 86_400_000;

/** Of a command that waits for pods and webhooks: both are there within a minute, mostly. */
export const timeoutMsDefault = 300_000;

/**
 * Reads `--timeout`: a Go duration (`5m`, `90s`), or a number of seconds.
 *
 * @throws InvalidArgumentError when it is none, or not from 1 ms to a day
 */
export function parseTimeoutMs(text: string): number {
  const ms = parseReuseDelayMs(text);
  if (ms !== undefined && ms > 0 && ms <= timeoutMsMax) return ms;
  throw new InvalidArgumentError('Write a duration up to a day, such as 5m or 90s, or seconds.');
}
