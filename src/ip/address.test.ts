import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import type { Address } from './address.ts';
import {
  compareAddresses,
  distance,
  familyOf,
  formatAddress,
  isAddressOf,
  maxAddress,
  nextAddress,
  offsetAddress,
  parseAddress,
  parseAddressOf,
  previousAddress,
} from './address.ts';

const ipv4Max = 2 ** 32 - 1;
const ipv6Max = 2n ** 128n - 1n;
const ipv4 = fc.oneof(fc.integer({ min: 0, max: ipv4Max }), fc.constantFrom(0, 1, ipv4Max - 1, ipv4Max));
/** Groups are often zero, so that every place of `::` occurs. */
const ipv6 = fc.oneof(
  fc.bigInt({ min: 0n, max: ipv6Max }),
  fc.bigInt({ min: 0n, max: 2n ** 49n }),
  fc
    .array(fc.oneof(fc.constantFrom(0, 0, 0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)),
  fc.constantFrom(0n, 1n, ipv6Max - 1n, ipv6Max),
);
const address: fc.Arbitrary<Address> = fc.oneof(ipv4, ipv6);

/** Texts that Go's `net.ParseIP` accepts, with what `netip.Addr.String` makes of them. */
const accepted: readonly (readonly [text: string, canonical: string, value: Address])[] = [
  ['0.0.0.0', '0.0.0.0', 0],
  ['0.0.0.1', '0.0.0.1', 1],
  ['10.0.0.255', '10.0.0.255', 0x0a0000ff],
  ['127.255.255.255', '127.255.255.255', 0x7fffffff],
  ['128.0.0.0', '128.0.0.0', 0x80000000],
  ['255.255.255.255', '255.255.255.255', ipv4Max],
  ['::', '::', 0n],
  ['::1', '::1', 1n],
  ['1::', '1::', 1n << 112n],
  ['0:0:0:0:0:0:0:0', '::', 0n],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1', 1n],
  ['64:ff9b::1', '64:ff9b::1', (0x64ff9bn << 96n) | 1n],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304', (0x64ff9bn << 96n) | 0x01020304n],
  ['2001:DB8::A', '2001:db8::a', (0x20010db8n << 96n) | 0xan],
  ['2001:0db8::000a', '2001:db8::a', (0x20010db8n << 96n) | 0xan],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 0x20010db8000000010001000100010001n],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 0x20010db8000000000001000000000001n],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', 0x20010000000000010000000000000001n],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0', 0x00010002000300040005000600070000n],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8', 0x00000002000300040005000600070008n],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304', 0x00010002000300040005000601020304n],
  ['::1.2.3.4', '::102:304', 0x01020304n],
  ['::ffff:1.2.3.4', '::ffff:1.2.3.4', 0xffff01020304n],
  ['::ffff:102:304', '::ffff:1.2.3.4', 0xffff01020304n],
  ['::FFFF:0:0', '::ffff:0.0.0.0', 0xffff00000000n],
  ['::ffff:0:1.2.3.4', '::ffff:0:102:304', 0xffff000001020304n],
  ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ipv6Max],
];

/** Texts that Go's `net.ParseIP` refuses. */
const refused: readonly string[] = [
  ['', ' ', '.', '...', '1', '1.2.3', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.4.', '1.2.3.4.5', '256.0.0.0'],
  ['01.2.3.4', '1.2.3.04', '00.0.0.0', '1.2.3.1000', '0x1.2.3.4', '+1.2.3.4', '1.2.3.-4', '1e1.0.0.0'],
  [' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n', '1. 2.3.4', '1.2.3.4/24', '1.2.3.4-1.2.3.5', '1.2.3.٤', '4294967295'],
  [':', ':::', '::1::', '1::2::3', ':1', '1:', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '1:2:3:4:5:6:7', '::1:'],
  ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8', '1:2:3:4::5:6:7:8', '12345::', '::00001'],
  ['::g', '::-1', '::0x1', '[::1]', '::1%eth0', 'fe80::1%', '::1/64', ' ::1', '::1 ', ':: 1', '::1\u0000'],
  [
    '::1.2.3',
    '::1.2.3.4.5',
    '::01.2.3.4',
    '::1.2.3.256',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
  ],
  ['::ffff:1.2.3.4:', 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555', '::'.repeat(100_000)],
].flat();

describe('parseAddress', () => {
  for (const [text, canonical, value] of accepted) {
    test(`parseAddress reads ${text}, which formatAddress prints as ${canonical}`, () => {
      assert.equal(parseAddress(text), value);
      assert.equal(formatAddress(value), canonical);
      assert.equal(parseAddress(canonical), value);
      assert.equal(parseAddressOf(familyOf(value), text), value);
      assert.equal(parseAddressOf(familyOf(value) === 4 ? 6 : 4, text), undefined);
    });
  }

  test('parseAddress refuses what Go refuses', () => {
    for (const text of refused)
      assert.equal(parseAddress(text), undefined, JSON.stringify(text.slice(0, 60)));
  });

  test('parseAddress reads back what formatAddress prints', () => {
    fc.assert(fc.property(address, (x) => assert.equal(parseAddress(formatAddress(x)), x)));
  });

  test('parseAddress accepts a text of address characters exactly when ip-address does', () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '00',
      '01',
      '255',
      '256',
      'fF',
      'abcd',
      '12345',
      ':',
      ':',
      '::',
      '.',
      '1.2.3.4',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
        const text = parts.join('');
        const valid = text.includes(':') ? Address6.isValid(text) : Address4.isValid(text);
        assert.equal(parseAddress(text) !== undefined, valid, text);
      }),
      { numRuns: 1000 },
    );
  });

  test('parseAddress and formatAddress agree with ip-address', () => {
    fc.assert(
      fc.property(ipv4, ipv6, (x4, x6) => {
        assert.equal(formatAddress(x4), Address4.fromBigInt(BigInt(x4)).correctForm());
        const reference = Address6.fromBigInt(x6);
        if (x6 >> 32n !== 0xffffn) assert.equal(formatAddress(x6), reference.correctForm());
        assert.equal(parseAddress(reference.canonicalForm()), x6);
        assert.equal(parseAddress(reference.to4in6()), x6);
      }),
    );
  });
});

describe('address arithmetic', () => {
  test('nextAddress and previousAddress stop at the ends of the family', () => {
    assert.equal(nextAddress(0), 1);
    assert.equal(nextAddress(ipv4Max), undefined);
    assert.equal(previousAddress(0), undefined);
    assert.equal(nextAddress(0n), 1n);
    assert.equal(nextAddress(ipv6Max), undefined);
    assert.equal(previousAddress(0n), undefined);
    assert.equal(previousAddress(ipv6Max), ipv6Max - 1n);
  });

  test('previousAddress undoes nextAddress', () => {
    fc.assert(
      fc.property(address, (x) => {
        const next = nextAddress(x);
        if (next !== undefined) assert.equal(previousAddress(next), x);
      }),
    );
  });

  test('offsetAddress leads from one address over their distance to the other', () => {
    const pair = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));
    fc.assert(fc.property(pair, ([a, b]) => assert.equal(offsetAddress(a, distance(a, b)), b)));
  });

  test('offsetAddress does not leave the family', () => {
    assert.equal(offsetAddress(ipv4Max, 1n), undefined);
    assert.equal(offsetAddress(0, -1n), undefined);
    assert.equal(offsetAddress(ipv6Max, 1n), undefined);
    assert.equal(offsetAddress(0n, -1n), undefined);
    assert.equal(offsetAddress(0, 2n ** 200n), undefined);
    assert.equal(offsetAddress(0, 2n ** 32n - 1n), ipv4Max);
  });

  test('distance refuses addresses of different families', () => {
    assert.throws(() => distance(1, 1n), TypeError);
  });

  test('compareAddresses puts IPv4 before IPv6 and sorts each by number', () => {
    const sorted = [0, 2, ipv4Max, 0n, 2n, ipv6Max];
    assert.deepEqual([2n, ipv4Max, ipv6Max, 0, 0n, 2].sort(compareAddresses), sorted);
    assert.equal(compareAddresses(7n, 7n), 0);
    assert.equal(compareAddresses(7, 7), 0);
  });

  test('isAddressOf knows the bounds and the type of a family', () => {
    for (const [family, max] of [
      [4, ipv4Max],
      [6, ipv6Max],
    ] as const)
      assert.equal(maxAddress(family), max);
    for (const x of [0, ipv4Max]) assert.deepEqual([isAddressOf(4, x), isAddressOf(6, x)], [true, false]);
    for (const x of [0n, ipv6Max]) assert.deepEqual([isAddressOf(4, x), isAddressOf(6, x)], [false, true]);
    for (const x of [-1, 1.5, ipv4Max + 1, Number.NaN]) assert.equal(isAddressOf(4, x), false);
    for (const x of [-1n, ipv6Max + 1n]) assert.equal(isAddressOf(6, x), false);
  });
});
