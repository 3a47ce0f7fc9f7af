import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDefaultPools } from './default-pools.ts';

const prefix = 'SPIDERPOOL_INIT_DEFAULT_IPV4';
const complete = {
  [`${prefix}_IPPOOL_NAME`]: 'default-v4-ippool',
  [`${prefix}_IPPOOL_SUBNET`]: '10.6.0.0/16',
  [`${prefix}_IPPOOL_IPRANGES`]: '["10.6.1.2","10.6.1.1"]',
  [`${prefix}_IPPOOL_GATEWAY`]: '10.6.0.1',
};

test('readDefaultPools() makes pools as admission would store them', () => {
  const { pools, notes } = readDefaultPools(complete, [4, 6]);
  assert.deepEqual(notes, []);
  const [pool] = pools;
  assert.ok(pool !== undefined && pools.length === 1);
  assert.deepEqual(pool.spec, {
    ipVersion: 4,
    subnet: '10.6.0.0/16',
    ips: ['10.6.1.1-10.6.1.2'],
    gateway: '10.6.0.1',
    default: true,
    disable: false,
  });
  assert.deepEqual(pool.metadata.finalizers, ['spiderpool.spidernet.io']);
  assert.deepEqual(pool.metadata.annotations, { 'ipam.spidernet.io/ledger': 'blocks' });
});

test('readDefaultPools() makes none of what a chart leaves empty, and tells of a SpiderSubnet', () => {
  const empty = { [`${prefix}_IPPOOL_NAME`]: ' ', [`${prefix}_IPPOOL_IPRANGES`]: '[]' };
  assert.deepEqual(readDefaultPools(empty, [4, 6]), { pools: [], notes: [] });
  const { notes } = readDefaultPools({ ...complete, [`${prefix}_SUBNET_NAME`]: 'a' }, [4]);
  assert.match(notes.join(), /^SPIDERPOOL_INIT_DEFAULT_IPV4_SUBNET_NAME is ignored/);
});

test('readDefaultPools() names the variable of each mistake', () => {
  const mistakes: readonly (readonly [name: string, value: string, expected: RegExp])[] = [
    ['IPPOOL_NAME', '', /_IPPOOL_NAME is not set/],
    ['IPPOOL_NAME', 'A_b', /_IPPOOL_NAME: "A_b" is not a name/],
    ['IPPOOL_SUBNET', '', /_IPPOOL_SUBNET is not set/],
    ['IPPOOL_SUBNET', '10.6.0.1/16', /_IPPOOL_SUBNET: .*write "10\.6\.0\.0\/16"/],
    ['IPPOOL_IPRANGES', '[1]', /_IPPOOL_IPRANGES is "\[1\]": write a JSON list/],
    ['IPPOOL_IPRANGES', '10.7.0.1', /_IPPOOL_IPRANGES: /],
    ['IPPOOL_GATEWAY', '10.7.0.1', /_IPPOOL_GATEWAY: /],
  ];
  for (const [name, value, message] of mistakes) {
    const environment = { ...complete, [`${prefix}_${name}`]: value };
    assert.throws(() => readDefaultPools(environment, [4, 6]), { code: 'OPTIONS_INVALID', message }, name);
  }
  assert.throws(() => readDefaultPools(complete, [6]), /IPPOOL_NAME: IPv4 is switched off/);
});

test('readDefaultPools() remarks on a pool without addresses', () => {
  const { pools, notes } = readDefaultPools({ ...complete, [`${prefix}_IPPOOL_IPRANGES`]: '[]' }, [4]);
  assert.equal(pools.length, 1);
  assert.match(notes.join(), /_IPPOOL_IPRANGES: the pool has no address/);
});
