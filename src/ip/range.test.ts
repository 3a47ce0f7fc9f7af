import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Address, Family } from './address.ts';
import { familyOf } from './address.ts';
import type { AddressRange } from './address-range.ts';
import type { RangeFault } from './range.ts';
import { formatRange, parseRange } from './range.ts';

function rangeOf([a, b]: readonly [Address, Address]): AddressRange {
  return a <= b ? { start: a, end: b } : { start: b, end: a };
}

const anyRange = fc
  .oneof(
    fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1)),
    fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })),
  )
  .map(rangeOf);

describe('parseRange', () => {
  test('parseRange reads a single address and a range', () => {
    assert.deepEqual(parseRange(4, '0.0.0.7'), { ok: true, range: { start: 7, end: 7 } });
    assert.deepEqual(parseRange(4, '0.0.0.7-0.0.1.0'), { ok: true, range: { start: 7, end: 256 } });
    assert.deepEqual(parseRange(4, '0.0.0.7-0.0.0.7'), { ok: true, range: { start: 7, end: 7 } });
    assert.deepEqual(parseRange(6, '::1-::5'), { ok: true, range: { start: 1n, end: 5n } });
    assert.deepEqual(parseRange(6, '::ffff:0.0.0.1'), {
      ok: true,
      range: { start: 0xffff00000001n, end: 0xffff00000001n },
    });
  });

  test('parseRange undoes formatRange', () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const parsed = parseRange(familyOf(range.start), formatRange(range));
        assert.deepEqual(parsed, { ok: true, range });
      }),
    );
  });

  for (const [family, text, fault, hint] of [
    [4, '', 'empty', '"10.0.0.1-10.0.0.9"'],
    [4, '  \t', 'empty', 'remove it'],
    [4, '10.0.0.1 - 10.0.0.9', 'blank', 'write "10.0.0.1-10.0.0.9"'],
    [6, 'fd00::1\n', 'blank', 'write "fd00::1"'],
    [4, '10.0.0.1-10.0.0.3-10.0.0.9', 'dashes', 'more than one "-"'],
    [4, '10.0.0.0/24', 'cidr', 'write its addresses, "10.0.0.0-10.0.0.255"'],
    [6, 'fd00::/120', 'cidr', 'write its addresses, "fd00::-fd00::ff"'],
    [4, 'fd00::/120', 'family', 'is an IPv6 subnet'],
    [4, '10.0.0.0/24-10.0.1.0/24', 'address', 'is not an IPv4 address or range'],
    [4, '10.0.0.9-10.0.0.1', 'order', 'write "10.0.0.1-10.0.0.9"'],
    [6, '::5-::1', 'order', 'write "::1-::5"'],
    [4, '10.0.0.1-fd00::1', 'family', '"fd00::1" is not an IPv4 address'],
    [6, '10.0.0.1', 'family', 'such as "fd00::1"'],
    [4, '::ffff:10.0.0.1', 'family', '"::ffff:10.0.0.1" is not an IPv4 address'],
    [4, '10.0.0.01', 'address', 'write "10.0.0.1"'],
    [4, '10.0.0.1-20', 'address', 'write "10.0.0.1-10.0.0.20"'],
    [6, 'fd00::1-ff', 'address', 'write "fd00::1-fd00::ff"'],
    [6, 'fe80::1%eth0', 'address', 'write "fe80::1"'],
    [4, '10.0.0.1-', 'address', '"" is not an IPv4 address'],
    [4, '-', 'address', '"" is not an IPv4 address'],
    [4, 'web', 'address', '"web" is not an IPv4 address'],
    [4, '10.0.0.256', 'address', '"10.0.0.256" is not an IPv4 address'],
  ] as const satisfies readonly (readonly [Family, string, RangeFault, string])[]) {
    test(`parseRange refuses ${JSON.stringify(text)} as IPv${family} and says what to write`, () => {
      const parsed = parseRange(family, text);
      assert.ok(!parsed.ok);
      assert.equal(parsed.fault, fault);
      assert.ok(parsed.message.includes(hint), parsed.message);
    });
  }

  test('parseRange repeats a hostile text bounded and without control characters', () => {
    const parsed = parseRange(4, `\u001b[31m\u202e\u0085${'x'.repeat(100_000)}`);
    assert.ok(!parsed.ok);
    assert.match(parsed.message, /^[\x20-\x7e…]{1,400}$/);
  });

  test('parseRange answers any text with a range of the family or a reason', () => {
    fc.assert(
      fc.property(fc.constantFrom(4, 6), fc.string({ unit: 'binary' }), (family: Family, text) => {
        const parsed = parseRange(family, text);
        if (parsed.ok) assert.equal(familyOf(parsed.range.start), family);
        else assert.notEqual(parsed.message, '');
      }),
    );
  });
});
