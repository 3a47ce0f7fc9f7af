import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CniError } from '../cni/error.ts';
import { sanitizeText } from '../cni/sanitize-text.ts';
import { readAnnotation } from './annotation.ts';
import { refusalOf } from './testing/refusal-of.ts';

const kind = { title: 'pod annotation x/y', example: '["pool-a"]' };

test('readAnnotation() names the annotation, quotes what is wrong and shows a right one', () => {
  const rows: readonly [string, string][] = [
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['["a"', 'is not JSON, it ends too early: after "[\\"a\\"" something is missing'],
    ['["a"] x', `is not JSON, character 7 can't stand there: "x"`],
    ["['a']", `is not JSON, character 2 can't stand there: "'a']"`],
  ];
  for (const [text, problem] of rows) {
    const message = refusalOf(() => readAnnotation(kind, text));
    assert.equal(message, `pod annotation x/y: ${problem}; write for example ["pool-a"]`);
  }
});

test('readAnnotation() refuses more than 16 KiB, with the beginning only', () => {
  const text = JSON.stringify(['x'.repeat(16 * 1024)]);
  const message = refusalOf(() => readAnnotation(kind, text));
  assert.match(message, /has 16388 characters, at most 16384 are read; it begins with "\[\\"xxx/);
  assert.ok(message.length < 400, message);
});

test('readAnnotation() prints no control characters and no endless quotes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      try {
        readAnnotation(kind, text).list('', 3);
      } catch (error) {
        assert.ok(error instanceof CniError);
        assert.ok(error.message.length < 1_000);
        assert.equal(sanitizeText(error.message), error.message);
      }
    }),
  );
});
