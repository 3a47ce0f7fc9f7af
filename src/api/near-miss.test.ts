import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nearMiss } from './near-miss.ts';

const fields = ['subnet', 'ips', 'excludeIPs', 'gateway', 'routes', 'nodeName', 'nodeAffinity', 'disable'];

describe('nearMiss()', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    gatway: 'gateway',
    gatewya: 'gateway',
    Gateway: 'gateway',
    excludeIps: 'excludeIPs',
    excludedIPs: 'excludeIPs',
    nodeNames: 'nodeName',
    ip: 'ips',
    disabled: 'disable',
    vlan: undefined,
    cidr: undefined,
    [`gateway${'y'.repeat(100)}`]: undefined,
  };
  for (const [text, meant] of Object.entries(cases)) {
    test(`nearMiss() takes ${text.slice(0, 20)} for ${meant}`, () =>
      assert.equal(nearMiss(text, fields), meant));
  }
});
