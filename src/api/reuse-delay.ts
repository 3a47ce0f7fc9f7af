/** How long a released address rests when its pool says nothing, in milliseconds. */
export const defaultReuseDelayMs = 30_000;

/** The longest Go duration (2^63 - 1 ns), in milliseconds: about 292 years. */
const reuseDelayMsMax = 9_223_372_036_854;

/** A number as Go's ParseDuration takes it: digits, a point, or both with digits on one side at least. */
const decimal = String.raw`(?:\d+(?:\.\d*)?|\.\d+)`;
const unit = '(?:ns|us|µs|μs|ms|s|m|h)';
const durationPattern = new RegExp(`^(?:${decimal}${unit})+$`);
const secondsPattern = new RegExp(`^${decimal}$`);
const partPattern = new RegExp(`(${decimal})(${unit})`, 'g');

const msPerUnit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads the `ipam.spidernet.io/reuse-delay` annotation: a Go duration (`30s`, `1h30m`, `1.5m`, `500ms`, `0`) or a bare
 * number of seconds.
 *
 * @returns milliseconds, rounded up so that a short delay never becomes none; undefined for anything else, negative
 *   or longer than 292 years.
 */
export function parseReuseDelayMs(text: string): number | undefined {
  const delayMs = Math.ceil(roundNoise(exactMs(text)));
  return delayMs <= reuseDelayMsMax ? delayMs : undefined;
}

function exactMs(text: string): number {
  if (secondsPattern.test(text)) return Number(text) * 1000;
  if (!durationPattern.test(text)) return Number.NaN;
  let totalMs = 0;
  for (const [, amount = '', name = ''] of text.matchAll(partPattern)) {
    totalMs += Number(amount) * (msPerUnit[name] ?? Number.NaN);
  }
  return totalMs;
}

/** 0.57 * 1000 is 569.9999…; a nanosecond, the smallest unit, is a millionth of a millisecond. */
function roundNoise(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}
