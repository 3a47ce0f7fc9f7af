import assert from 'node:assert/strict';
import test from 'node:test';
import { formatAddress } from '../ip/address.ts';
import { parseRequestedAddress } from './requested-address.ts';

test('parseRequestedAddress() drops a prefix length and refuses everything else', () => {
  for (const text of ['10.6.0.9', '10.6.0.9/24', '10.6.0.9/128']) {
    assert.equal(formatAddress(parseRequestedAddress(text) ?? 0), '10.6.0.9');
  }
  assert.equal(formatAddress(parseRequestedAddress('fd00::1/64') ?? 0), 'fd00::1');
  for (const text of ['', '/24', '10.6.0.9/', '10.6.0.9/129', '10.6.0.9/a', '10.6.0.9/24/8', ' 10.6.0.9']) {
    assert.equal(parseRequestedAddress(text), undefined, text);
  }
});
