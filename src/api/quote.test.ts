import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { quote } from './quote.ts';

describe('quote()', () => {
  test('quote() shows values as a reader knows them', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      ['a', '"a"'],
      ['"', '"\\""'],
      [5, '5'],
      [5n, '5'],
      [true, 'true'],
      [null, 'null'],
      [undefined, 'undefined'],
      [[1], 'a list'],
      [{ a: 1 }, 'an object'],
      ['a\u001b\u007f\u0085\u202e', '"a\\u001b\\u007f\\u0085\\u202e"'],
      ['x'.repeat(81), `"${'x'.repeat(80)}…"`],
    ];
    for (const [value, shown] of cases) assert.equal(quote(value), shown);
  });

  test('quote() prints nothing that a terminal or a log acts on, and is bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        assert.doesNotMatch(quote(text), /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
        assert.ok(quote(text).length <= 6 * 81 + 2);
      }),
    );
  });
});
