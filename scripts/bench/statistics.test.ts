import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median, quantile, ratioSpread, spreadOf } from './statistics.ts';

const figures = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 50 });

test('quantile() takes the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile(values, 1), 100);
  assert.equal(quantile([7], 0.99), 7);
});

test('quantile() answers a value that was measured and leaves the others alone', () => {
  fc.assert(
    fc.property(figures, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const before = [...values];
      assert.ok(values.includes(quantile(values, share)));
      assert.deepEqual(values, before);
    }),
  );
});

test('median() lies between the two halves', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 9, 5, 7]), 6);
  fc.assert(
    fc.property(figures, (values) => {
      const middle = median(values);
      assert.ok(values.filter((value) => value < middle).length <= values.length / 2);
      assert.ok(values.filter((value) => value > middle).length <= values.length / 2);
    }),
  );
});

test('median(), quantile() and spreadOf() refuse to make a figure of nothing', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => quantile([], 0.5), RangeError);
  assert.throws(() => spreadOf([]), RangeError);
});

test('spreadOf() gives the bounds beside the median', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
});

test('ratioSpread() compares round by round', () => {
  // Both sides twice as slow in the second round: the ratio stands.
  assert.deepEqual(ratioSpread([3, 6, 4], [1, 2, 1]), { median: 3, min: 3, max: 4 });
  assert.throws(() => ratioSpread([1, 2], [1]), RangeError);
});
