/** A figure over several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The value below which a share of the values lies, by nearest rank: always a value that was measured.
 * @param share from 0 to 1
 * @throws RangeError when there are no values
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError('no values to take a quantile of');
  return value;
}

/**
 * The middle value; the mean of the two in the middle when their number is even.
 * @throws RangeError when there are no values
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >>> 1];
  const lower = sorted[(sorted.length - 1) >>> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values to take a median of');
  return (lower + upper) / 2;
}

/**
 * Median and bounds of the figures of all rounds.
 * @throws RangeError when there are none
 */
export function spreadOf(rounds: readonly number[]): Spread {
  return { median: median(rounds), min: quantile(rounds, 0), max: quantile(rounds, 1) };
}

/**
 * The spread of the ratios round by round: what disturbed a round disturbed both sides, so the ratio varies less than
 * either.
 * @throws RangeError when there are no rounds, or not as many on both sides
 */
export function ratioSpread(rounds: readonly number[], peerRounds: readonly number[]): Spread {
  if (rounds.length !== peerRounds.length) throw new RangeError('both sides need the same rounds');
  return spreadOf(rounds.map((value, index) => value / (peerRounds[index] ?? Number.NaN)));
}
