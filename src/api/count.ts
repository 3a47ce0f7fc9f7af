/** The largest count that a status can carry: its schema's int64. */
export const statusCountMax = 2n ** 63n - 1n;

/** A count as a status carries it (`totalIPCount`, `allocatedIPCount`): exact up to 2^63 - 1, which stands for "or more". */
export function saturatedCount(count: bigint): bigint {
  return count < statusCountMax ? count : statusCountMax;
}
