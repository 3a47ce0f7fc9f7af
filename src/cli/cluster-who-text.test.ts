import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocation, nowMs } from '../wire/testing/shapes.ts';
import { clusterWhoText, podNowText } from './cluster-who-text.ts';
import { whoText } from './who-text.ts';

const pod = {
  pod: 'default/web-0',
  uid: 'u-1',
  state: 'replaced',
  node: 'worker-1',
  nodeState: 'not-ready',
} as const;

test('clusterWhoText() adds to whoText() who keeps the address back, and what became of its pods', () => {
  const who = { address: '10.6.0.15', pools: ['vlan6-v4'], allocation: allocation('10.6.0.15') };
  const cluster = { reservedBy: ['routers'], excludedBy: ['vlan6-v4', 'b'], pods: [pod] };
  assert.equal(
    clusterWhoText({ ...who, cluster }, nowMs),
    `${whoText(who, nowMs)}${[
      '  reserved  by routers: it is given to nobody\n',
      '  excluded  by the excludeIPs of vlan6-v4, b\n',
      '  now       pod default/web-0 is gone, another pod has its name; node worker-1 is not ready\n',
    ].join('')}`,
  );
});

test('clusterWhoText() is whoText() where the cluster has nothing to add', () => {
  const who = { address: '10.6.0.15', pools: [] };
  const cluster = { reservedBy: [], excludedBy: [], pods: [] };
  assert.equal(clusterWhoText({ ...who, cluster }, nowMs), whoText(who, nowMs));
});

test('podNowText() leaves out what nobody named', () => {
  assert.equal(
    podNowText({ pod: '', uid: 'c-1', state: 'unknown', node: '', nodeState: 'unknown' }),
    'its pod is not known',
  );
});
