import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExactJson, stringifyExactJson } from '../api/exact-json.ts';
import { allocationsSchema, type PoolShape, poolSchema } from './shapes.ts';
import { pool } from './testing/shapes.ts';

const counts = ['total', 'allocated', 'free', 'cooling', 'reserved', 'excluded'] as const;

test('poolSchema reads back what was written, counts beyond 2^53 included', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 2n ** 63n - 1n), { minLength: 6, maxLength: 6 }), (values) => {
      const given = Object.fromEntries(counts.map((key, index) => [key, values[index] ?? 0n]));
      const written: PoolShape = pool('a', given);
      assert.deepEqual(poolSchema.parse(parseExactJson(stringifyExactJson(written))), written);
    }),
  );
});

test('poolSchema refuses counts that are no integers, and leaves out keys that it does not know', () => {
  const wire = { ...pool('a'), total: 10, 'added later': 1 };
  assert.deepEqual(poolSchema.parse(wire), pool('a'));
  for (const total of [0.5, '10', null])
    assert.equal(poolSchema.safeParse({ ...wire, total }).success, false);
});

test('allocationsSchema tells a missing key from an undefined one', () => {
  assert.equal(allocationsSchema.safeParse({ allocations: [] }).success, true);
  assert.equal(allocationsSchema.safeParse({ allocations: [], next: undefined }).success, false);
});
