import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { reservedFixture } from '../../api/testing/resources.ts';
import { parseAddress } from '../../ip/address.ts';
import { reservedAddresses } from '../../ipam/compile-pool.ts';
import { MalformedObjectError } from './malformed-object.ts';
import { readStoredReservedIp } from './stored-reserved-ip.ts';

function reserves(object: unknown, text: string): boolean {
  const address = parseAddress(text);
  assert.ok(address !== undefined);
  const reserved = reservedAddresses([readStoredReservedIp(object).resource]);
  return typeof address === 'number' ? reserved[4].contains(address) : reserved[6].contains(address);
}

test('readStoredReservedIp() reserves what a user wrote, whose family it finds by itself', () => {
  const object = reservedFixture({ ips: ['fd00::1-fd00::9'] });
  assert.equal(readStoredReservedIp(object).problem, undefined);
  assert.ok(reserves(object, 'fd00::5'));
});

test('readStoredReservedIp() reserves until the object is gone', () => {
  const object = reservedFixture({ ips: ['10.6.0.9'] }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.ok(reserves(object, '10.6.0.9'));
});

test('readStoredReservedIp() reserves every entry that can be read, and tells of the others', () => {
  const object = reservedFixture({ ips: ['nonsense', '10.6.0.7', 'fd00::1'] });
  assert.match(readStoredReservedIp(object).problem ?? '', /nonsense/);
  assert.ok(reserves(object, '10.6.0.7'));
});

test('readStoredReservedIp() can always be compiled, whatever the entries are', () => {
  const entry = fc.oneof(
    fc.string(),
    fc.constantFrom('10.6.0.1', '10.6.0.9-10.6.0.1', 'fd00::1', '10.6.0.0/24'),
  );
  const version = fc.constantFrom(undefined, 4 as const, 6 as const);
  fc.assert(
    fc.property(fc.array(entry), version, (ips, ipVersion) => {
      const spec = { ips, ...(ipVersion !== undefined && { ipVersion }) };
      reservedAddresses([readStoredReservedIp(reservedFixture(spec)).resource]);
    }),
  );
});

test('readStoredReservedIp() throws MalformedObjectError for another shape', () => {
  assert.throws(
    () => readStoredReservedIp({ ...reservedFixture(), spec: { ips: 'x' } }),
    MalformedObjectError,
  );
});
