import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InstallError } from './install-error.ts';
import { parseNetworkList } from './parse-network-list.ts';

const ipam = { type: 'spiderpool', default_ipv4_ippool: ['lan'] };
const list = {
  cniVersion: '1.0.0',
  name: 'lan',
  plugins: [{ type: 'macvlan', ipam }, { type: 'portmap' }],
};

test('parseNetworkList() accepts a list with a plugin of ours, and tells its name', () => {
  assert.equal(parseNetworkList('a', JSON.stringify(list)), 'lan');
});

test('parseNetworkList() refuses what a runtime or the plugin would refuse, and names the place', () => {
  const cases: readonly (readonly [text: string, why: RegExp])[] = [
    ['{', /it is not JSON/],
    ['[]', /must be a JSON object/],
    [JSON.stringify({ ...list, name: undefined }), /name is missing/],
    [JSON.stringify({ ...list, name: '/lan' }), /name must start with/],
    [JSON.stringify({ ...list, cniVersion: undefined }), /cniVersion is missing/],
    [JSON.stringify({ ...list, cniVersion: '2.0.0' }), /incompatible CNI versions/],
    [JSON.stringify({ ...list, plugins: undefined, type: 'macvlan', ipam }), /plugins is missing/],
    [JSON.stringify({ ...list, plugins: [] }), /plugins must not be empty/],
    [JSON.stringify({ ...list, plugins: 'a' }), /plugins must be an array/],
    [JSON.stringify({ ...list, plugins: [{ ipam }] }), /plugins\[0\]\.type is missing/],
    [
      JSON.stringify({ ...list, plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }] }),
      /"spiderpool"/,
    ],
    [
      JSON.stringify({ ...list, plugins: [{ type: 'a', ipam: { ...ipam, default_ipv4_ippool: 'lan' } }] }),
      /ipam\.default_ipv4_ippool must be an array/,
    ],
  ];
  for (const [text, why] of cases) {
    assert.throws(
      () => parseNetworkList('/etc/list', text),
      (error: unknown) => {
        assert.ok(error instanceof InstallError);
        assert.match(error.message, /^the network list \/etc\/list can't be used: /);
        assert.match(error.message, why, text);
        return true;
      },
    );
  }
});

test('parseNetworkList() answers any text with a name or an InstallError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        fc.object().map((more) => JSON.stringify({ ...list, ...more })),
        fc.string(),
      ),
      (text) => {
        try {
          assert.equal(typeof parseNetworkList('a', text), 'string');
        } catch (error) {
          assert.ok(error instanceof InstallError, String(error));
        }
      },
    ),
  );
});
