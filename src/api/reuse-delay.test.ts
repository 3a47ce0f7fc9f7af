import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseReuseDelayMs } from './reuse-delay.ts';

describe('parseReuseDelayMs()', () => {
  const cases: Readonly<Record<string, number>> = {
    '30s': 30_000,
    '1h30m': 5_400_000,
    '1.5m': 90_000,
    '500ms': 500,
    '2m.5s': 120_500,
    '1.s': 1000,
    '0.57s': 570,
    '1us': 1,
    '1500µs': 2,
    '1000000ns': 1,
    '0': 0,
    '0s': 0,
    '45': 45_000,
    '1.5': 1500,
    '292y': Number.NaN,
    '2562047h': 9_223_369_200_000,
    '2562048h': Number.NaN,
    '-5s': Number.NaN,
    '-1': Number.NaN,
    '+5s': Number.NaN,
    '': Number.NaN,
    ' 5s': Number.NaN,
    '5 s': Number.NaN,
    s: Number.NaN,
    '.s': Number.NaN,
    '5S': Number.NaN,
    '5s3': Number.NaN,
    '1e3': Number.NaN,
    '0x10': Number.NaN,
    Infinity: Number.NaN,
  };
  for (const [text, expected] of Object.entries(cases)) {
    test(`parseReuseDelayMs() reads ${JSON.stringify(text)}`, () => {
      assert.equal(parseReuseDelayMs(text), Number.isNaN(expected) ? undefined : expected);
    });
  }

  test('parseReuseDelayMs() adds up hours, minutes, seconds and milliseconds', () => {
    const part = fc.nat({ max: 10_000 });
    fc.assert(
      fc.property(part, part, part, part, (h, m, s, ms) => {
        assert.equal(parseReuseDelayMs(`${h}h${m}m${s}s${ms}ms`), ((h * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });

  test('parseReuseDelayMs() answers any text in linear time', () => {
    assert.equal(parseReuseDelayMs('1'.repeat(100_000)), undefined);
    assert.equal(parseReuseDelayMs(`${'1'.repeat(100_000)}!`), undefined);
    assert.equal(parseReuseDelayMs(`${'1s'.repeat(50_000)}!`), undefined);
    fc.assert(fc.property(fc.string(), (text) => (parseReuseDelayMs(text) ?? 0) >= 0));
  });
});
