import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../ip/address.ts';
import { compareAddresses } from '../ip/address.ts';
import { addressKey, addressOfKey } from './address-key.ts';

const addressArb: fc.Arbitrary<Address> = fc.oneof(
  fc.nat(2 ** 31 - 1).map((half) => half * 2 + 1),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
);

describe('addressKey()', () => {
  it('addressKey() writes the family and the number in fixed-width hex', () => {
    assert.equal(addressKey(0x0a060101), 'v4-0a060101');
    assert.equal(addressKey(1n), `v6-${'1'.padStart(32, '0')}`);
  });

  it('addressKey() is undone by addressOfKey()', () => {
    fc.assert(fc.property(addressArb, (address) => assert.equal(addressOfKey(addressKey(address)), address)));
  });

  it('addressKey() sorts as the addresses do', () => {
    fc.assert(
      fc.property(addressArb, addressArb, (a, b) => {
        const [keyA, keyB] = [addressKey(a), addressKey(b)];
        const order = keyA < keyB ? -1 : Number(keyA > keyB);
        assert.equal(order, Math.sign(compareAddresses(a, b)));
      }),
    );
  });

  it('addressOfKey() knows what is no key', () => {
    for (const text of [
      '',
      'v4-',
      'v4-0A060101',
      'v4-0a06010g',
      'v4- a060101',
      'v4-00a060101',
      'v6-1',
      'v5-00',
    ]) {
      assert.equal(addressOfKey(text), undefined, text);
    }
  });
});
