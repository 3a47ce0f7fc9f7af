/** A source of numbers from 0 to 1, 1 excluded. */
export type Random = () => number;

/** The same numbers for the same seed, so that a run can be repeated (mulberry32). */
export function seededRandom(seed: bigint): Random {
  let state = Number(BigInt.asUintN(32, seed ^ (seed >> 32n)));
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer from 0 to below `limit`, even enough for a benchmark. @throws RangeError when the limit is not positive */
export function randomBelow(limit: bigint, random: Random): bigint {
  if (limit <= 0n) throw new RangeError('nothing lies below a limit that is not positive');
  let drawn = 0n;
  for (let bits = 0; bits < 160; bits += 32) drawn = (drawn << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  return drawn % limit;
}

/** One of some things, each as likely as the others. @throws RangeError when there is none */
export function pick<T>(random: Random, things: readonly T[]): T {
  const thing = things[Math.floor(random() * things.length)];
  if (thing === undefined) throw new RangeError('nothing to pick from');
  return thing;
}
