import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { structurallyEqual } from './structurally-equal.ts';

describe('structurallyEqual()', () => {
  test('structurallyEqual() ignores the order of keys and undefined values', () => {
    assert.ok(
      structurallyEqual({ a: 1, b: [1n, { c: null }], d: undefined }, { b: [1n, { c: null }], a: 1 }),
    );
    assert.ok(!structurallyEqual({ a: 1 }, { a: 1n }));
    assert.ok(!structurallyEqual([1], { 0: 1 }));
    assert.ok(!structurallyEqual({ a: {} }, { a: null }));
    assert.ok(!structurallyEqual({}, { toString: 1 }));
  });

  test('structurallyEqual() agrees with deep strict equality on plain data', () => {
    const small = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(small, small, (a, b) => {
        assert.equal(structurallyEqual(a, b), isDeepStrictEqual(a, b));
        assert.ok(structurallyEqual(a, structuredClone(a)));
      }),
    );
  });
});
