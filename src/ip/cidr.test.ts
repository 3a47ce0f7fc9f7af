import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import type { Cidr } from './cidr.ts';
import {
  canonicalCidr,
  cidrContains,
  cidrRange,
  cidrsOverlap,
  formatCidr,
  isCanonicalCidr,
  parseCidr,
  parseInterfaceAddress,
  subnetOf,
} from './cidr.ts';
import { formatRange } from './range.ts';

const subnet: fc.Arbitrary<Cidr> = fc.oneof(
  fc
    .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 }))
    .map(([inside, length]) => subnetOf(inside, length)),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.integer({ min: 0, max: 128 }))
    .map(([inside, length]) => subnetOf(inside, length)),
);

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed;
}

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

describe('parseCidr', () => {
  for (const [text, canonical, range] of [
    ['10.1.2.3/8', '10.0.0.0/8', '10.0.0.0-10.255.255.255'],
    ['10.1.2.3/32', '10.1.2.3/32', '10.1.2.3'],
    ['10.1.2.3/31', '10.1.2.2/31', '10.1.2.2-10.1.2.3'],
    ['255.255.255.255/1', '128.0.0.0/1', '128.0.0.0-255.255.255.255'],
    ['1.2.3.4/0', '0.0.0.0/0', '0.0.0.0-255.255.255.255'],
    ['::/0', '::/0', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['FD00::1/48', 'fd00::/48', 'fd00::-fd00::ffff:ffff:ffff:ffff:ffff'],
    ['fd00:0:0::1/127', 'fd00::/127', 'fd00::-fd00::1'],
    ['::5/128', '::5/128', '::5'],
    ['::ffff:1.2.3.4/120', '::ffff:1.2.3.0/120', '::ffff:1.2.3.0-::ffff:1.2.3.255'],
  ] as const) {
    test(`parseCidr reads ${text} as ${canonical}`, () => {
      assert.equal(formatCidr(cidr(text)), canonical);
      assert.equal(formatRange(cidrRange(cidr(text))), range);
      assert.equal(canonicalCidr(text), canonical);
      assert.equal(isCanonicalCidr(canonical), true);
      assert.equal(isCanonicalCidr(text), text === canonical);
    });
  }

  test('parseCidr refuses what is no subnet', () => {
    const texts = [
      ['', '/', '/8', '10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/+8', '10.0.0.0/8/8'],
      ['10.0.0.0/08', '10.0.0.0/00', '10.0.0.0/ 8', ' 10.0.0.0/8', '10.0.0.0/8 ', '10.0.0.0/8\n', '10.0.0/8'],
      ['010.0.0.0/8', '10.0.0.0/255.0.0.0', '10.0.0.0/1e1', '10.0.0.0/0x8', '::/129', '::/064', ':::/64'],
      ['fe80::1%eth0/64', '[::]/0', '::', '1.2.3.4::/64', `${':'.repeat(100_000)}/8`],
    ].flat();
    for (const text of texts) {
      assert.equal(parseCidr(text), undefined, text);
      assert.equal(canonicalCidr(text), undefined, text);
      assert.equal(isCanonicalCidr(text), false, text);
    }
  });

  test('parseCidr undoes formatCidr', () => {
    fc.assert(fc.property(subnet, (x) => assert.deepEqual(parseCidr(formatCidr(x)), x)));
  });
});

describe('parseInterfaceAddress', () => {
  test('parseInterfaceAddress keeps the host bits', () => {
    assert.deepEqual(parseInterfaceAddress('10.0.0.5/24'), { address: 0x0a000005, prefixLength: 24 });
    assert.deepEqual(parseInterfaceAddress('fd00::5/64'), {
      address: (0xfd00n << 112n) | 5n,
      prefixLength: 64,
    });
  });
});

describe('subnetOf', () => {
  test('subnetOf refuses prefix lengths that the family does not have', () => {
    for (const length of [-1, 33, 1.5, Number.NaN]) assert.throws(() => subnetOf(0, length), RangeError);
    assert.throws(() => subnetOf(0n, 129), RangeError);
  });
});

describe('cidrContains', () => {
  test('cidrContains holds at both ends and for nothing beside them', () => {
    const net = cidr('10.1.2.0/24');
    assert.equal(cidrContains(net, address('10.1.2.0')), true);
    assert.equal(cidrContains(net, address('10.1.2.255')), true);
    assert.equal(cidrContains(net, address('10.1.1.255')), false);
    assert.equal(cidrContains(net, address('10.1.3.0')), false);
    assert.equal(cidrContains(cidr('::/0'), address('10.1.2.0')), false);
    assert.equal(cidrContains(cidr('0.0.0.0/0'), address('::1')), false);
  });

  test('cidrsOverlap is true exactly when one subnet contains the other', () => {
    assert.equal(cidrsOverlap(cidr('10.0.0.0/8'), cidr('10.1.0.0/16')), true);
    assert.equal(cidrsOverlap(cidr('10.1.0.0/16'), cidr('10.0.0.0/8')), true);
    assert.equal(cidrsOverlap(cidr('10.0.0.0/16'), cidr('10.1.0.0/16')), false);
    assert.equal(cidrsOverlap(cidr('0.0.0.0/0'), cidr('::/0')), false);
    fc.assert(
      fc.property(subnet, fc.nat(128), (x, length) => {
        const wider = subnetOf(x.network, Math.min(length, x.prefixLength));
        assert.ok(cidrsOverlap(x, wider) && cidrsOverlap(wider, x));
      }),
    );
  });
});
