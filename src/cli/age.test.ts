import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAge } from './age.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

test('formatAge() uses the largest unit of which at least two have passed', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [999, '0s'],
    [119_999, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 59_000, '3m'],
    [2 * hour - 1, '119m'],
    [2 * hour, '2h'],
    [2 * day, '2d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
  ];
  for (const [passedMs, text] of cases) assert.equal(formatAge(1e12, 1e12 + passedMs), text);
});

test('formatAge() says 0s for the future and unknown for no time', () => {
  assert.equal(formatAge(2000, 1000), '0s');
  assert.equal(formatAge(Number.NaN, 1000), 'unknown');
});

test('formatAge() never shows more than has passed', () => {
  const unitMs: Readonly<Record<string, number>> = { s: 1000, m: minute, h: hour, d: day, y: 365 * day };
  fc.assert(
    fc.property(fc.nat({ max: 10 * 365 * day }), (passedMs) => {
      const text = formatAge(0, passedMs);
      const shownMs = Number.parseInt(text, 10) * (unitMs[text.slice(-1)] ?? Number.NaN);
      assert.ok(shownMs <= passedMs && passedMs < shownMs * 1.5 + 1000, `${text} for ${passedMs} ms`);
    }),
  );
});
