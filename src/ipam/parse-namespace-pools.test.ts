import assert from 'node:assert/strict';
import test from 'node:test';
import { parseNamespacePools } from './parse-namespace-pools.ts';
import { refusalOf } from './testing/refusal-of.ts';

test('parseNamespacePools() reads a list, which may be empty', () => {
  assert.deepEqual(parseNamespacePools('["a","b-*"]', 4), ['a', 'b-*']);
  assert.deepEqual(parseNamespacePools('[]', 4), []);
  assert.deepEqual(parseNamespacePools('null', 6), []);
});

test('parseNamespacePools() names the annotation of the family and what is wrong', () => {
  const rows: readonly [string, RegExp][] = [
    ['a', /: is not JSON, character 1 can't stand there: "a";/],
    ['', /: is empty;/],
    ['"a"', /: must be an array, \[…\], but is the string "a";/],
    ['{"ipv4":["a"]}', /: must be an array, \[…\], but is an object, \{"ipv4":\["a"\]\};/],
    ['["a",{}]', /: \[1\] must be a string, "…", but is an object, \{\};/],
  ];
  for (const [text, problem] of rows) {
    const message = refusalOf(() => parseNamespacePools(text, 6));
    assert.match(message, /^namespace annotation ipam\.spidernet\.io\/default-ipv6-ippool: /);
    assert.match(message, problem);
    assert.match(message, /; write for example \["pool-a"\]$/);
  }
});
