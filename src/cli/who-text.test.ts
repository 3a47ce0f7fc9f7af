import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocation, nowMs } from '../wire/testing/shapes.ts';
import { whoText } from './who-text.ts';

test('whoText() shows the holder', () => {
  const who = { address: '10.6.0.15', pools: ['vlan6-v4'], allocation: allocation('10.6.0.15') };
  assert.equal(
    whoText(who, nowMs),
    [
      '10.6.0.15 belongs to default/web-0\n',
      '  pool     vlan6-v4\n',
      '  network  macvlan-vlan6\n',
      '  NIC      eth0\n',
      '  since    2026-01-02T03:04:05Z (3m ago)\n',
      '  pod      default/web-0\n',
      '  uid      u-1\n',
      '  sandbox  4f1d2c3b5a69788796a5b4c3d2e1f001\n',
      '  node     worker-1\n',
    ].join(''),
  );
});

test('whoText() tells of a holder that outlives its pod', () => {
  const shown = allocation('10.6.0.15');
  const holders = shown.holders.map((holder) => ({ ...holder, outlivesPod: true as const }));
  assert.match(
    whoText({ address: '10.6.0.15', pools: [], allocation: { ...shown, holders } }, nowMs),
    /\n {2}outlives +pod is gone, but its network namespace still exists on node worker-1: find and end what holds it\n$/,
  );
});

test('whoText() shows the last holder of a free address, and a warning where it may still answer', () => {
  const last = { allocation: allocation('10.6.0.15'), freed: '2026-01-02T03:07:00Z', suspect: true };
  assert.match(
    whoText({ address: '10.6.0.15', pools: [], last }, nowMs),
    /^nobody has 10\.6\.0\.15\n {2}pools +in no pool\n {2}last +default\/web-0\n {2}freed +2026-01-02T03:07:00Z \(10s ago\)\n {2}suspect +its node was unreachable/,
  );
});

test('whoText() shows an address that nobody had', () => {
  assert.equal(
    whoText({ address: '10.6.0.15', pools: ['a', 'b'] }, nowMs),
    'nobody has 10.6.0.15\n  pools  a, b\n  last   nobody that is remembered\n',
  );
});
