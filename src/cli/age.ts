/** Each unit is used up to twice the next larger one, so that an age always has two digits' worth of precision. */
const units: readonly (readonly [suffix: string, seconds: number, secondsMax: number])[] = [
  ['s', 1, 120],
  ['m', 60, 2 * 3600],
  ['h', 3600, 2 * 86_400],
  ['d', 86_400, 2 * 365 * 86_400],
  ['y', 365 * 86_400, Number.POSITIVE_INFINITY],
];

/**
 * How long ago something was, as a table shows it: `42s`, `3m`, `5h`, `12d`, `3y`, always rounded down. What lies in the
 * future (the clock was set back) is `0s`; a time that is not a number is `unknown`.
 */
export function formatAge(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  for (const [suffix, unitSeconds, secondsMax] of units) {
    if (seconds < secondsMax) return `${Math.floor(seconds / unitSeconds)}${suffix}`;
  }
  return 'unknown';
}
