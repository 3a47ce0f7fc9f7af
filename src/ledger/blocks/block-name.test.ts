import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareAddresses, familyOf } from '../../ip/address.ts';
import { ip } from '../contract/fixtures.ts';
import {
  baseOfBlockName,
  blockBase,
  blockName,
  blockRange,
  SLOTS,
  slotAddress,
  slotIndex,
} from './block-name.ts';
import { addressArb } from './testing/record-arbitraries.ts';

void describe('blockName()', () => {
  void it('blockName() is the first address in hex', () => {
    assert.equal(blockName(blockBase(ip('10.6.1.37'))), 'v4-0a060100');
    assert.equal(blockName(blockBase(ip('10.6.1.255'))), 'v4-0a0601c0');
    assert.equal(blockName(blockBase(ip('fd00::7f'))), 'v6-fd000000000000000000000000000040');
    assert.equal(baseOfBlockName('v4-0a060101'), undefined, 'no block begins there');
    assert.equal(baseOfBlockName('v4-0A060100'), undefined);
    assert.equal(baseOfBlockName('somebody'), undefined);
  });

  void it('slotAddress() undoes blockBase() and slotIndex()', () => {
    fc.assert(
      fc.property(addressArb, (address) => {
        const base = blockBase(address);
        assert.equal(slotAddress(base, slotIndex(address)), address);
        assert.equal(baseOfBlockName(blockName(base)), base);
        const { start, end } = blockRange(base);
        assert.ok(start <= address && address <= end);
        assert.equal(familyOf(base), familyOf(address));
        assert.ok(slotIndex(address) >= 0 && slotIndex(address) < SLOTS);
      }),
    );
  });

  void it('blockName() sorts as the addresses do, so that a list of blocks is in their order', () => {
    fc.assert(
      fc.property(addressArb, addressArb, (a, b) => {
        const [nameA, nameB] = [blockName(blockBase(a)), blockName(blockBase(b))];
        if (nameA !== nameB) assert.equal(nameA < nameB, compareAddresses(a, b) < 0);
      }),
    );
  });
});
