import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseRangeList } from './parse-range-list.ts';

test('parseRangeList() reads commas, spaces, JSON lists and nothing', () => {
  const ranges = ['10.6.0.1-10.6.0.9', '10.6.0.20'];
  assert.deepEqual(parseRangeList(' 10.6.0.1-10.6.0.9, 10.6.0.20,'), ranges);
  assert.deepEqual(parseRangeList('10.6.0.1-10.6.0.9\n10.6.0.20'), ranges);
  assert.deepEqual(parseRangeList('["10.6.0.1-10.6.0.9", " 10.6.0.20 "]'), ranges);
  assert.deepEqual(parseRangeList(''), []);
  assert.deepEqual(parseRangeList('[]'), []);
});

test('parseRangeList() refuses what begins like a JSON list and is none of texts', () => {
  for (const text of ['[', '["10.6.0.1"', '[1]', '[null]', '[["10.6.0.1"]]', '["a"] b'])
    assert.equal(parseRangeList(text), undefined, text);
});

test('parseRangeList() reads every list in both spellings alike', () => {
  const range = fc.stringMatching(/^[0-9a-f.:-]{1,40}$/);
  fc.assert(
    fc.property(fc.array(range), (ranges) => {
      assert.deepEqual(parseRangeList(JSON.stringify(ranges)), ranges);
      assert.deepEqual(parseRangeList(ranges.join(',')), ranges);
    }),
  );
});
