import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress } from '../ip/address.ts';
import { buildCatalog } from '../ipam/catalog.ts';
import { compilePool, reservedAddresses } from '../ipam/compile-pool.ts';
import type { AllocationRecord } from '../ledger/record.ts';
import { allocationSchema, poolSchema, whoSchema } from './shapes.ts';
import { allocationShape, poolShape, whoShape } from './to-shapes.ts';

const address = parseAddress('10.6.0.10');
assert.ok(address);

const record: AllocationRecord = {
  address,
  pool: 'a',
  network: 'net',
  nic: 'eth0',
  sinceMs: Date.parse('2026-01-02T03:04:05.678Z'),
  holders: [
    {
      uid: 'u',
      sandbox: 's',
      node: 'n',
      pod: { namespace: 'default', name: 'web-0' },
      netns: { path: '/var/run/netns/a', device: 4n, inode: 4026532621n, bootId: 'b' },
      outlivesPod: true,
    },
    { uid: 's2', sandbox: 's2', node: 'n', pod: { namespace: '', name: '' } },
  ],
};

describe('poolShape()', () => {
  const [pool] = buildCatalog(
    [
      compilePool({
        apiVersion: 'spiderpool.spidernet.io/v2beta1',
        kind: 'SpiderIPPool',
        metadata: { name: 'huge' },
        spec: { ipVersion: 6, subnet: 'fd00::/48', ips: ['fd00::1-fd00:0:0:ffff::'], gateway: 'fd00::1' },
      }),
    ],
    reservedAddresses([]),
  ).pools;
  assert.ok(pool);

  test('poolShape() saturates counts at the largest int64', () => {
    const usage = { pool: 'huge', allocated: 3, outside: 0, cooling: 1, suspect: 0, free: 2n ** 79n };
    const shape = poolShape(pool, usage, []);
    assert.equal(shape.total, 2n ** 63n - 1n);
    assert.equal(shape.free, 2n ** 63n - 1n);
    assert.equal(shape.allocated, 3n);
    assert.equal(shape.gateway, 'fd00::1');
    assert.deepEqual(poolSchema.parse(shape), shape);
  });
});

describe('allocationShape()', () => {
  test('allocationShape() tells times in UTC and who holds it, without the boot', () => {
    const shape = allocationShape(record);
    assert.deepEqual(shape, {
      address: '10.6.0.10',
      pool: 'a',
      network: 'net',
      nic: 'eth0',
      since: '2026-01-02T03:04:05.678Z',
      holders: [
        {
          uid: 'u',
          sandbox: 's',
          node: 'n',
          pod: 'default/web-0',
          netns: { path: '/var/run/netns/a', device: '4', inode: '4026532621' },
          outlivesPod: true,
        },
        { uid: 's2', sandbox: 's2', node: 'n', pod: '' },
      ],
    });
    assert.deepEqual(allocationSchema.parse(shape), shape);
  });
});

describe('whoShape()', () => {
  test('whoShape() leaves out what is not known', () => {
    assert.deepEqual(whoShape(address, ['a'], undefined, undefined), { address: '10.6.0.10', pools: ['a'] });
    const shape = whoShape(address, [], record, { last: record, freedMs: 0, suspect: true });
    assert.equal(shape.last?.freed, '1970-01-01T00:00:00.000Z');
    assert.deepEqual(whoSchema.parse(shape), shape);
  });
});
