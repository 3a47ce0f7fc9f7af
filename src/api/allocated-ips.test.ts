import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AllocatedIp } from './allocated-ips.ts';
import { formatAllocatedIps, parseAllocatedIps } from './allocated-ips.ts';

const nameArbitrary = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,30}$/);
const entryArbitrary: fc.Arbitrary<AllocatedIp> = fc.record(
  {
    address: fc.oneof(fc.nat(2 ** 32 - 1), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })),
    pod: fc.tuple(nameArbitrary, nameArbitrary).map(([namespace, name]) => `${namespace}/${name}`),
    podUid: fc.uuid(),
  },
  { noNullPrototype: true },
);
const entriesArbitrary = fc.uniqueArray(entryArbitrary, { selector: ({ address }) => address });

function read(text: string | undefined): Extract<ReturnType<typeof parseAllocatedIps>, { ok: true }> {
  const parsed = parseAllocatedIps(text);
  return parsed.ok ? parsed : assert.fail(parsed.reason);
}

describe('parseAllocatedIps()', () => {
  test('parseAllocatedIps() undoes formatAllocatedIps()', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        const { entries: found, strange } = read(formatAllocatedIps(entries));
        const byAddress = new Map(found.map((entry) => [entry.address, entry]));
        assert.deepEqual(byAddress, new Map(entries.map((entry) => [entry.address, entry])));
        assert.deepEqual(strange, []);
      }),
    );
  });

  test('parseAllocatedIps() loses no key of any object: each is an entry, or told', () => {
    const key = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (object) => {
        const { entries, strange } = read(JSON.stringify(object));
        const told = new Set(strange.map((one) => one.key));
        assert.ok(entries.length + told.size >= Object.keys(object).length);
      }),
    );
  });

  test('parseAllocatedIps() takes any text without throwing', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseAllocatedIps(text)));
  });

  for (const text of [undefined, '', ' ', 'null', '{}']) {
    test(`parseAllocatedIps() finds no record in ${String(text)}`, () =>
      assert.deepEqual(read(text).entries, []));
  }

  test('parseAllocatedIps() keeps an address whose pod can not be read', () => {
    const { entries, strange } = read('{"10.6.0.1":{"pod":"a","podUid":7},"10.6.0.2":null}');
    assert.deepEqual(entries, [
      { address: 0x0a060001, pod: '', podUid: '' },
      { address: 0x0a060002, pod: '', podUid: '' },
    ]);
    assert.deepEqual(
      strange.map((one) => one.reason),
      ['pod is "a", podUid is 7', 'pod is missing, podUid is missing'],
    );
  });

  test('parseAllocatedIps() tells of keys that are no address, or one that it has already', () => {
    const { entries, strange } = read('{"x":{},"fd00::1":{"pod":"a/b","podUid":"u"},"FD00::1":{}}');
    assert.equal(entries.length, 1);
    assert.deepEqual(strange, [
      { key: 'x', reason: 'no address: left out' },
      { key: 'FD00::1', reason: 'the same address as fd00::1: left out' },
    ]);
  });

  test('parseAllocatedIps() refuses what is no object, or too long', () => {
    for (const text of ['[]', '7', '{', '{"10.6.0.1"', ' '.repeat(8 * 2 ** 20) + '{}']) {
      assert.equal(parseAllocatedIps(text).ok, false);
    }
  });
});

describe('formatAllocatedIps()', () => {
  test('formatAllocatedIps() prints what the original prints, byte by byte', () => {
    const text = `{"10.6.0.10":{"pod":"a/b-1","podUid":"u1"},"10.6.0.9":{"pod":"a/b-0","podUid":"u0"},"fd00::a":{"pod":"a/c","podUid":"u2"}}`;
    assert.equal(formatAllocatedIps(read(text).entries.toReversed()), text);
  });

  test('formatAllocatedIps() undoes parseAllocatedIps() for texts of its own, in any order of entries', () => {
    fc.assert(
      fc.property(entriesArbitrary, (entries) => {
        const text = formatAllocatedIps(entries);
        assert.equal(formatAllocatedIps(read(text).entries), text);
        assert.equal(formatAllocatedIps(entries.toReversed()), text);
      }),
    );
  });

  test('formatAllocatedIps() escapes as Go does', () => {
    const text = formatAllocatedIps([{ address: 1, pod: 'a/<&>\u2028', podUid: '"' }]);
    assert.equal(text, String.raw`{"0.0.0.1":{"pod":"a/\u003c\u0026\u003e\u2028","podUid":"\""}}`);
  });

  test('formatAllocatedIps() has no text for no entries', () =>
    assert.equal(formatAllocatedIps([]), undefined));
});
