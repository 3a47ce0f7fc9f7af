import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { saturatedCount, statusCountMax } from './count.ts';
import { parseExactJson, stringifyExactJson } from './exact-json.ts';

describe('parseExactJson()', () => {
  test('parseExactJson() keeps the digits of large integers and leaves other numbers as they are', () => {
    const text =
      '{"a":9223372036854775807,"b":[-9007199254740993,9007199254740991,1e30,1234567890123456.5],"c":"9223372036854775807"}';
    assert.deepEqual(parseExactJson(text), {
      a: 9_223_372_036_854_775_807n,
      b: [-9_007_199_254_740_993n, Number.MAX_SAFE_INTEGER, 1e30, 1_234_567_890_123_456.5],
      c: '9223372036854775807',
    });
  });

  test('parseExactJson() refuses what is not JSON', () => {
    for (const text of ['', '{', '01', '{"a":9223372036854775807,}']) {
      assert.throws(() => parseExactJson(text), SyntaxError);
    }
  });

  test('parseExactJson() agrees with JSON.parse on documents without large integers', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const exact = stringifyExactJson(parseExactJson(text));
        assert.deepEqual(JSON.parse(exact), JSON.parse(text));
      }),
    );
  });
});

describe('stringifyExactJson()', () => {
  test('stringifyExactJson() writes bigints as integers', () => {
    assert.equal(stringifyExactJson({ a: 2n ** 63n - 1n, b: [-1n] }), '{"a":9223372036854775807,"b":[-1]}');
    assert.equal(stringifyExactJson({ a: 1n }, { indent: 2 }), '{\n  "a": 1\n}');
  });

  test('stringifyExactJson() refuses what has no JSON form', () => {
    assert.throws(() => stringifyExactJson(undefined), TypeError);
  });

  test('stringifyExactJson() is undone by parseExactJson() for every integer', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const back = parseExactJson(stringifyExactJson({ value })) as { value: bigint | number };
        assert.equal(BigInt(back.value), value);
        assert.equal(typeof back.value, Number.isSafeInteger(Number(value)) ? 'number' : 'bigint');
      }),
    );
  });
});

describe('saturatedCount()', () => {
  test('saturatedCount() stops at the largest int64', () => {
    assert.equal(statusCountMax, 9_223_372_036_854_775_807n);
    assert.equal(saturatedCount(0n), 0n);
    assert.equal(saturatedCount(statusCountMax - 1n), statusCountMax - 1n);
    assert.equal(saturatedCount(2n ** 128n), statusCountMax);
  });
});
