import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '../ip/address.ts';
import { parseAddress } from '../ip/address.ts';
import { resultDifferences } from './check-result.ts';
import { composeResult } from './compose-result.ts';
import { CniError } from './error.ts';
import { cniVersions } from './version.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

const v4 = address('10.6.0.5');
const v6 = address('fd00::5');

test('resultDifferences() finds none between a record and the result of its ADD, in every version', () => {
  for (const version of cniVersions) {
    const addresses = [v4, v6].map((each) => ({ address: each, prefixLength: 24 }));
    const result = composeResult(version, { nic: 'eth0', addresses, routes: [] });
    assert.deepEqual(resultDifferences(result, { nic: 'eth0', addresses: [v6, v4] }), []);
  }
  const old = { cniVersion: '0.2.0', ip4: { ip: '10.6.0.5/24' }, ip6: { ip: 'fd00::5/64' } };
  assert.deepEqual(resultDifferences(old, { nic: 'eth0', addresses: [v4, v6] }), []);
});

test('resultDifferences() looks only at the addresses of the NIC', () => {
  const result = {
    cniVersion: '1.0.0',
    interfaces: [{ name: 'br0' }, { name: 'eth0', sandbox: '/run/netns/x' }, { name: 'net1' }],
    ips: [
      { address: '10.6.0.5/24', interface: 1 },
      { address: '10.7.0.5/24', interface: 2 },
      { address: 'fd00::5/64' },
    ],
  };
  assert.deepEqual(resultDifferences(result, { nic: 'eth0', addresses: [v4, v6] }), []);
});

test('resultDifferences() names what differs on either side', () => {
  const result = { cniVersion: '1.0.0', ips: [{ address: '10.6.0.6/24' }] };
  const differences = resultDifferences(result, { nic: 'eth0', addresses: [v4] });
  assert.equal(differences.length, 2);
  assert.match(differences[0] ?? '', /10\.6\.0\.6.*not recorded/);
  assert.match(differences[1] ?? '', /10\.6\.0\.5.*prevResult does not have it/);
});

test('resultDifferences() says when there is no record at all', () => {
  const result = { cniVersion: '1.0.0', ips: [{ address: '10.6.0.5/24' }] };
  assert.deepEqual(resultDifferences(result, { nic: 'eth0', addresses: [] }), [
    '"eth0" has no record of an address',
  ]);
});

test('resultDifferences() refuses a result that is missing or malformed with code 7', () => {
  for (const result of [
    undefined,
    null,
    'text',
    [],
    { ips: {} },
    { ips: ['10.6.0.5/24'] },
    { ips: [{}] },
    { ips: [{ address: 'x' }] },
    { interfaces: 'x', ips: [] },
    { ips: Array.from({ length: 1025 }, () => ({ address: '10.6.0.5/24' })) },
  ]) {
    assert.throws(
      () => resultDifferences(result, { nic: 'eth0', addresses: [v4] }),
      (error) => error instanceof CniError && error.code === 7,
    );
  }
});
