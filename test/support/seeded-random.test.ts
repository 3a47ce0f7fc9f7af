import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomBelow, seededRandom } from './seeded-random.ts';

function draw(seed: bigint): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length: 8 }, () => random());
}

test('seededRandom() repeats itself for a seed and differs between seeds', () => {
  assert.deepEqual(draw(7n), draw(7n));
  assert.notDeepEqual(draw(7n), draw(8n));
});

test('seededRandom() fills the interval evenly', () => {
  const random = seededRandom(1n);
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) {
    const at = Math.floor(random() * 10);
    tenths[at] = (tenths[at] ?? Number.NaN) + 1;
  }
  assert.ok(tenths.every((count) => count > 800 && count < 1200));
});

test('randomBelow() stays below its limit, whatever its size', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 1n << 128n), fc.bigInt(0n, 1n << 64n), (limit, seed) => {
      const drawn = randomBelow(limit, seededRandom(seed));
      assert.ok(drawn >= 0n && drawn < limit);
    }),
  );
  assert.throws(() => randomBelow(0n, seededRandom(1n)), RangeError);
});
