/** Numbers from 0 to 1, 1 excluded, the same ones for the same seed: every run measures the same pools (mulberry32). */
export function seededRandom(seed: bigint): () => number {
  let state = Number(BigInt.asUintN(32, seed ^ (seed >> 32n)));
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 to below `limit`, even enough for a benchmark. @throws RangeError when the limit is not positive */
export function randomBelow(limit: bigint, random: () => number): bigint {
  if (limit <= 0n) throw new RangeError('nothing lies below a limit that is not positive');
  let drawn = 0n;
  for (let bits = 0; bits < 160; bits += 32) drawn = (drawn << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  return drawn % limit;
}
