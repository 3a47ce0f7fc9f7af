import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIppool } from './parse-ippool.ts';
import { refusalOf } from './testing/refusal-of.ts';

test('parseIppool() reads both lists, keys in any case, and ignores unknown keys', () => {
  assert.deepEqual(parseIppool('{"ipv4":["a","b*"],"ipv6":["c"]}'), { 4: ['a', 'b*'], 6: ['c'] });
  assert.deepEqual(parseIppool(' {"IPv4":["a"],"ipv6":null,"more":{"x":1}} '), { 4: ['a'], 6: [] });
});

test('parseIppool() refuses what selects nothing or is no selection', () => {
  const rows: readonly [string, RegExp][] = [
    ['', /: is empty;/],
    ['null', /: names no pool: "null";/],
    ['{}', /: names no pool: "\{\}";/],
    ['{"ipv4":[],"ipv6":[]}', /: names no pool: /],
    ['["a"]', /: must be an object, \{…\}, but is an array, \["a"\];/],
    ['"a"', /: must be an object, \{…\}, but is the string "a";/],
    ['{"ipv4":"a"}', /: ipv4 must be an array, \[…\], but is the string "a";/],
    ['{"ipv4":["a",5]}', /: ipv4\[1\] must be a string, "…", but is 5;/],
    ['{"ipv4":[null]}', /: ipv4\[0\] must be a string, "…", but is null;/],
    ['{"ipv4":[""]}', /: ipv4\[0\] must not be empty: "";/],
    ['{"ipv6":["a\\u001bb"]}', /: ipv6\[0\] contains a control character .*: "a\\u001bb";/],
    ['{"ipv4":["a"]} trailing', /: is not JSON, character 16 .*"trailing";/],
    [JSON.stringify({ ipv4: Array.from({ length: 65 }, (_, i) => `p${i}`) }), /ipv4 .*more than 64 entries/],
    [JSON.stringify({ ipv4: ['p'.repeat(254)] }), /ipv4\[0\] is longer than 253 characters: "ppp/],
  ];
  for (const [text, problem] of rows) {
    const message = refusalOf(() => parseIppool(text));
    assert.match(message, /^pod annotation ipam\.spidernet\.io\/ippool: /);
    assert.match(message, problem);
    assert.match(message, /; write for example \{"ipv4":\["pool-a"\],"ipv6":\["pool-b"\]\}$/);
  }
});
