import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Address } from '../ip/address.ts';
import { parseAddress } from '../ip/address.ts';
import { composeResult } from './compose-result.ts';
import type { NicConfiguration } from './result.ts';
import { cniVersions } from './version.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

const nic: NicConfiguration = {
  nic: 'eth0',
  addresses: [
    { address: address('fd00::5'), prefixLength: 64 },
    { address: address('10.6.0.5'), prefixLength: 24, gateway: address('10.6.0.1') },
  ],
  routes: [
    {
      destination: { family: 4, network: address('0.0.0.0'), prefixLength: 0 },
      gateway: address('10.6.0.1'),
    },
    { destination: { family: 6, network: address('fd01::'), prefixLength: 48 }, gateway: address('fd00::1') },
  ],
};

test('composeResult() prints every version as its specification has it, order kept', () => {
  for (const version of cniVersions) {
    const named = version.startsWith('0.');
    assert.deepEqual(composeResult(version, nic), {
      cniVersion: version,
      ips: [
        { ...(named && { version: '6' }), address: 'fd00::5/64' },
        { ...(named && { version: '4' }), address: '10.6.0.5/24', gateway: '10.6.0.1' },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.6.0.1' },
        { dst: 'fd01::/48', gw: 'fd00::1' },
      ],
      dns: {},
    });
  }
});

test('composeResult() leaves out routes when there are none', () => {
  assert.deepEqual(composeResult('1.1.0', { nic: 'eth0', addresses: [], routes: [] }), {
    cniVersion: '1.1.0',
    ips: [],
    dns: {},
  });
});
