import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEndpoint, type SpiderEndpoint } from './endpoint.ts';
import { apiVersion } from './resources.ts';

const endpoint: SpiderEndpoint = {
  apiVersion,
  kind: 'SpiderEndpoint',
  metadata: { namespace: 'default', name: 'a', uid: 'uid-e', resourceVersion: '7', labels: { app: 'web' } },
  status: {
    current: {
      uid: 'uid-1',
      node: 'node-1',
      ips: [{ interface: 'eth0', vlan: 0, ipv4: '10.6.0.10/16', routes: [{ dst: '::/0', gw: '::1' }] }],
    },
    ownerControllerType: 'Pod',
    ownerControllerName: 'a',
  },
};

test('parseEndpoint() reads back what was written, and leaves out what it does not know', () => {
  assert.deepEqual(parseEndpoint(endpoint), endpoint);
  const more = {
    ...endpoint,
    metadata: { ...endpoint.metadata, managedFields: [] },
    status: { ...endpoint.status, more: 1 },
  };
  assert.deepEqual(parseEndpoint(more), endpoint);
});

test('parseEndpoint() takes no status for one that can not be read', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (status) => {
      assert.equal(parseEndpoint({ ...endpoint, status }).status, undefined);
    }),
  );
});

test('parseEndpoint() refuses what is no object of the API server', () => {
  for (const value of [undefined, {}, { metadata: {} }, { metadata: { name: 'a' } }]) {
    assert.throws(() => parseEndpoint(value), { name: 'ZodError' });
  }
});
