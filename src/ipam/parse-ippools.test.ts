import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIppools } from './parse-ippools.ts';
import { refusalOf } from './testing/refusal-of.ts';

test('parseIppools() reads elements with and without names', () => {
  const named = '[{"interface":"eth0","ipv4":["a"],"cleangateway":true},{"Interface":"net1","ipv6":["b"]}]';
  assert.deepEqual(parseIppools(named), [
    { nic: 'eth0', cleanGateway: true, pools: { 4: ['a'], 6: [] } },
    { nic: 'net1', cleanGateway: false, pools: { 4: [], 6: ['b'] } },
  ]);
  assert.deepEqual(parseIppools('[{"ipv4":["a"]},{"interface":"","ipv4":["b"],"cleanGateway":true}]'), [
    { nic: undefined, cleanGateway: false, pools: { 4: ['a'], 6: [] } },
    { nic: undefined, cleanGateway: true, pools: { 4: ['b'], 6: [] } },
  ]);
});

test('parseIppools() refuses bad elements, each with its place', () => {
  const a = '"ipv4":["a"]';
  const rows: readonly [string, RegExp][] = [
    ['', /: is empty;/],
    ['null', /: names no NIC and no pool: "null";/],
    ['[]', /: names no NIC and no pool: "\[\]";/],
    ['{}', /: must be an array, \[…\], but is an object, \{\};/],
    ['["a"]', /: \[0\] must be an object, \{…\}, but is the string "a";/],
    [`[{${a}},null]`, /: \[1\] must be an object, \{…\}, but is null;/],
    [
      '[{"interface":"eth0"}]',
      /: \[0\] \(interface "eth0"\) names no pool: "ipv4" and "ipv6" are both empty/,
    ],
    [`[{${a}},{}]`, /: \[1\] names no pool: /],
    ['[{"ipv4":[7]}]', /: \[0\]\.ipv4\[0\] must be a string, "…", but is 7;/],
    [`[{${a},"cleangateway":"yes"}]`, /: \[0\]\.cleangateway must be true or false.*the string "yes";/],
    [`[{${a},"interface":1}]`, /: \[0\]\.interface must be a string/],
    [`[{${a},"interface":"a b"}]`, /: \[0\]\.interface contains \/ or : or a blank: "a b";/],
    [`[{${a},"interface":"0123456789abcdef"}]`, /interface is longer than 15 bytes: "0123456789abcdef";/],
    [`[{${a},"interface":".."}]`, /interface must not be \. or \.\.: "\.\.";/],
    [
      `[{${a},"interface":"eth0"},{${a}}]`,
      /: \[1\] has no "interface", but \[0\] has "eth0": name the NIC of/,
    ],
    [`[{${a}},{${a},"interface":"eth0"}]`, /: \[0\] has no "interface", but \[1\] has "eth0"/],
    [
      `[{${a},"interface":"eth0"},{${a},"interface":"n"},{${a},"interface":"n"}]`,
      /: \[1\] and \[2\] are both for NIC "n": write one element/,
    ],
    [`[${Array.from({ length: 33 }, () => `{${a}}`).join()}]`, /: must not have more than 32 entries;/],
    [
      JSON.stringify(
        [1, 2, 3].map((n) => ({ interface: `n${n}`, ipv4: Array.from({ length: 43 }, () => '*') })),
      ),
      /: has 129 patterns such as "\*", at most 128 are read;/,
    ],
  ];
  for (const [text, problem] of rows) {
    const message = refusalOf(() => parseIppools(text));
    assert.match(message, /^pod annotation ipam\.spidernet\.io\/ippools: /);
    assert.match(message, problem);
    assert.match(message, /; write for example \[\{"interface":"eth0","ipv4":\["pool-a"\]\},/);
  }
});
