import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { jsonErrorOffset } from './json-error.ts';

const tokens = '{ } [ ] , : "a" " \\ \\u00e9 1 - 0 .5 e1 true nul'.split(' ');
const others = [' ', '\n', '\u0001', '\u2028', '\ud800'];

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('jsonErrorOffset() points at the first token that can not stand there', () => {
  const rows: readonly [string, number | undefined][] = [
    ['{"a": [1, 2.5e3, true, null, "x\\u0041"]} ', undefined],
    ['', 0],
    ['{"a":1', 6],
    ['{"a":1}x', 7],
    ["{'a':1}", 1],
    ['{"a":[1,]}', 8],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['["a" "b"]', 5],
    ['["a', 1],
    ['[01]', 2],
    ['{"a":1}}', 7],
    ['["a"}', 4],
    ['pool-a', 0],
  ];
  for (const [text, offset] of rows) assert.equal(jsonErrorOffset(text), offset, text);
});

test('jsonErrorOffset() finds a place exactly when JSON.parse() refuses', () => {
  const pieces = fc.constantFrom(...tokens, ...others);
  const texts = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(pieces, { maxLength: 12 }).map((some) => some.join('')),
    fc.tuple(fc.json(), fc.nat(), pieces).map(([json, at, piece]) => {
      const place = at % (json.length + 1);
      return json.slice(0, place) + piece + json.slice(place);
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const offset = jsonErrorOffset(text);
      assert.equal(offset === undefined, isJson(text));
      if (offset !== undefined) assert.ok(offset >= 0 && offset <= text.length);
    }),
    { numRuns: 2_000 },
  );
});

test('jsonErrorOffset() reads deep nesting and long strings', () => {
  const depth = 20_000;
  assert.equal(jsonErrorOffset('['.repeat(depth)), depth);
  assert.equal(jsonErrorOffset(`"${'\\n'.repeat(depth)}"`), undefined);
  assert.equal(jsonErrorOffset(`"${'x'.repeat(depth)}`), 0);
});
