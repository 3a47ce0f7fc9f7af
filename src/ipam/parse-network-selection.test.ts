import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CniError } from '../cni/error.ts';
import { formatAddress } from '../ip/address.ts';
import { parseNetworkSelection } from './parse-network-selection.ts';
import { refusalOf } from './testing/refusal-of.ts';

const kind = { title: 'pod annotation networks', example: 'a,b' };

/** Each selection as `namespace/name@nic ips`. */
function texts(annotation: string): string[] {
  return parseNetworkSelection(kind, annotation, 'shop').map(
    ({ namespace, name, nic, requestedAddresses }) =>
      `${namespace}/${name}${nic === undefined ? '' : `@${nic}`}${requestedAddresses.map((one) => ` ${formatAddress(one)}`).join('')}`,
  );
}

test('parseNetworkSelection() reads the comma form', () => {
  assert.deepEqual(texts('a'), ['shop/a']);
  assert.deepEqual(texts(' a , other/b@data0,c@net9 '), ['shop/a', 'other/b@data0', 'shop/c@net9']);
});

test('parseNetworkSelection() reads the JSON form and ignores what is not for addresses', () => {
  const annotation = JSON.stringify([
    { name: 'a', mac: 7, 'cni-args': { x: [1] } },
    { name: 'b', namespace: 'other', interface: 'data0', ips: ['10.6.0.9/24', 'fd00::9'] },
    { Name: 'c.d', namespace: '', interface: '', ips: null },
  ]);
  assert.deepEqual(texts(annotation), ['shop/a', 'other/b@data0 10.6.0.9 fd00::9', 'shop/c.d']);
  assert.deepEqual(texts('[]'), []);
});

test('parseNetworkSelection() refuses what it can not read, and quotes it', () => {
  const rows: readonly [string, RegExp][] = [
    ['', /: is empty;/],
    ['a,,b', /: "" is not \[namespace\/\]name\[@interface\]: "" can't be the name of a network;/],
    ['a/b/c', /: "a\/b\/c" is not .*: it has more than one "\/";/],
    ['Bad/b', /: "Bad\/b" is not .*: "Bad" can't be the name of a namespace;/],
    ['/b', /: "\/b" is not .*: "" can't be the name of a namespace;/],
    ['b_', /"b_" can't be the name of a network;/],
    ['b@', /: interface "" is empty;/],
    ['b@a/b', /: interface "a\/b" contains \/ or : or a blank;/],
    ['b@0123456789abcdef', /: interface "0123456789abcdef" is longer than 15 bytes;/],
    [Array.from({ length: 33 }, () => 'a').join(), /: has 33 networks, at most 32 are read/],
    ['{"name":"a"}', /: must be an array, \[…\], but is an object, \{"name":"a"\};/],
    ['[{"namespace":"a"}]', /: \[0\]\.name is missing;/],
    ['[{"name":"a"},5]', /: \[1\] must be an object, \{…\}, but is 5;/],
    ['[{"name":"a","interface":"a:b"}]', /: \[0\]\.interface contains .*: "a:b";/],
    ['[{"name":"a","ips":["10.6.0.x"]}]', /: \[0\]\.ips\[0\] must be an IP address.*"10\.6\.0\.x";/],
    ['[{"name":"a\\n"}]', /: \[0\]\.name contains a control character/],
    [`[{"name":"${'a'.repeat(254)}"}]`, /: \[0\]\.name is longer than 253 characters/],
  ];
  for (const [text, problem] of rows) {
    const message = refusalOf(() => parseNetworkSelection(kind, text, 'shop'));
    assert.match(message, /^pod annotation networks: /);
    assert.match(message, problem);
    assert.match(message, /; write for example a,b$/);
  }
});

test('parseNetworkSelection() gives networks or a refusal for any text, in time', () => {
  const pieces = fc.constantFrom('a', 'b-1', '/', '@', ',', ' ', '[', '{"name":"a"}', ']', '"', '-');
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 400 }).map((some) => some.join('')),
  );
  fc.assert(
    fc.property(text, (annotation) => {
      try {
        for (const { name, namespace } of parseNetworkSelection(kind, annotation, 'shop')) {
          assert.ok(name !== '' && namespace !== '');
        }
      } catch (error) {
        assert.ok(error instanceof CniError, String(error));
      }
    }),
  );
});
