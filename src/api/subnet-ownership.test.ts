import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { poolsInTheWay } from './collisions.ts';
import { ownerSubnetLabel } from './names.ts';
import { networkFacts } from './network-facts.ts';
import { validatePoolCreate, validatePoolUpdate } from './pool-validation.ts';
import type { NetworkSpec, SpiderIPPool } from './resources.ts';
import { apiVersion } from './resources.ts';
import { adoptPool, controllingSubnet } from './subnet-ownership.ts';
import { anyPool, anySubnet, poolFixture, subnetFixture, writtenPool } from './testing/resources.ts';

const families = [4, 6] as const;
const autoLabel = { 'ipam.spidernet.io/owner-application-name': 'web' };
const gateway = '10.6.0.1';
const routes = [{ dst: '10.8.0.0/16', gw: gateway }];
const owner = {
  apiVersion,
  kind: 'SpiderSubnet',
  name: 's',
  uid: 'uid-s',
  controller: true,
  blockOwnerDeletion: true,
};

describe('adoptPool()', () => {
  test('adoptPool() gives a pool to the subnet of its network, with gateway and routes', () => {
    const others = [
      subnetFixture({ subnet: '10.7.0.0/16' }, { name: 'a' }),
      subnetFixture({ gateway, routes }),
    ];
    const adopted = adoptPool(poolFixture({}, { labels: { a: 'b' } }), others);
    assert.deepEqual(adopted.metadata.ownerReferences, [owner]);
    assert.deepEqual(adopted.metadata.labels, { a: 'b', [ownerSubnetLabel]: 's' });
    assert.deepEqual([adopted.spec.gateway, adopted.spec.routes], [gateway, routes]);
    assert.equal(controllingSubnet(adopted), 's');
  });

  test('adoptPool() keeps what the pool says, an empty list of routes included', () => {
    const adopted = adoptPool(poolFixture({ gateway: '10.6.0.2', routes: [] }), [
      subnetFixture({ gateway, routes }),
    ]);
    assert.deepEqual([adopted.spec.gateway, adopted.spec.routes], ['10.6.0.2', []]);
  });

  test('adoptPool() takes the first of several by name, and none that is being deleted', () => {
    const subnets = ['c', 'b', 'a'].map((name) =>
      subnetFixture({}, { name, ...(name === 'a' && { deletionTimestamp: '2026-01-01T00:00:00Z' }) }),
    );
    assert.equal(controllingSubnet(adoptPool(poolFixture(), subnets)), 'b');
  });

  test('adoptPool() leaves alone what has its subnet, what something else controls, and what is being deleted', () => {
    const subnets = [subnetFixture({ gateway })];
    const owned = adoptPool(poolFixture({ gateway: '10.6.0.2' }), subnets);
    const { gateway: _gateway, ...spec } = owned.spec;
    const pools: readonly SpiderIPPool[] = [
      { ...owned, spec },
      poolFixture({}, { ownerReferences: [{ ...owner, name: 'other', uid: 'other' }] }),
      poolFixture({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      poolFixture({ subnet: '10.9.0.0/16' }),
    ];
    for (const pool of pools) assert.equal(adoptPool(pool, subnets), pool);
  });

  test('adoptPool() keeps other owners, and restores a label that is wrong', () => {
    const plain = { apiVersion: 'v1', kind: 'ConfigMap', name: 'c', uid: 'c' };
    const pool = poolFixture({}, { ownerReferences: [plain, owner], labels: { [ownerSubnetLabel]: 'x' } });
    const { metadata } = adoptPool(pool, [subnetFixture()]);
    assert.deepEqual(metadata.ownerReferences, [plain, owner]);
    assert.equal(metadata.labels?.[ownerSubnetLabel], 's');
  });

  test('adoptPool() is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(anyPool, writtenPool), fc.array(anySubnet, { maxLength: 2 }), (pool, subnets) => {
        const own = { ...subnetFixture(), spec: pool.spec satisfies NetworkSpec };
        const once = adoptPool(pool, [...subnets, own]);
        assert.deepEqual(adoptPool(once, [...subnets, own]), once);
      }),
    );
  });
});

const subnetWith = (controlledIPPools: string) => subnetFixture({}, {}, { controlledIPPools });

describe('validateOwnedPool()', () => {
  const rows = (pool: SpiderIPPool, subnet = subnetFixture()) =>
    validatePoolCreate(pool, { families, otherPools: [], owner: subnet }).map((error) => [
      error.path,
      error.message,
    ]);

  test('validateOwnedPool() keeps a new pool inside of its subnet', () => {
    assert.deepEqual(rows(poolFixture()), []);
    assert.deepEqual(rows(poolFixture({ ips: ['10.6.0.99-10.6.0.102'] })), [
      [
        'spec.ips',
        '10.6.0.101-10.6.0.102 are no addresses of subnet "s": remove them from ips, or add them to the ips of the subnet first',
      ],
    ]);
    assert.deepEqual(
      rows(poolFixture({ ips: ['10.6.0.99-10.6.0.102'], excludeIPs: ['10.6.0.101-10.6.0.102'] })),
      [],
    );
  });

  test('validateOwnedPool() holds an application pool to what the status of the subnet says', () => {
    const pool = poolFixture({ ips: ['10.6.0.10-10.6.0.11'] }, { labels: autoLabel });
    assert.deepEqual(rows(pool, subnetWith('{"a":{"ips":["10.6.0.10","10.6.0.11"]}}')), []);
    const message =
      'the addresses of a pool that was made for an application come from subnet "s": leave ips and excludeIPs as they are';
    for (const text of [
      '{"a":{"ips":["10.6.0.10"]}}',
      '{"b":{"ips":["10.6.0.10-10.6.0.11"]}}',
      '{}',
      '{',
      'null',
      '[]',
      '{"a":5}',
    ]) {
      assert.deepEqual(rows(pool, subnetWith(text)), [['spec.ips', message]], text);
    }
  });

  test('validateOwnedPool() lets a pool that was outside before be changed and shrink', () => {
    const update = (from: readonly string[], to: readonly string[], labels = {}) =>
      validatePoolUpdate(
        poolFixture({ ips: from }, { labels }),
        poolFixture({ ips: to, disable: true }, { labels }),
        {
          families,
          otherPools: [],
          allocated: [],
          owner: subnetFixture(),
        },
      ).length;
    assert.equal(update(['10.6.1.1-10.6.1.9'], ['10.6.1.1-10.6.1.9']), 0);
    assert.equal(update(['10.6.1.1-10.6.1.9'], ['10.6.1.1']), 0);
    assert.equal(update(['10.6.1.1'], ['10.6.1.1', '10.6.1.3']), 1);
    assert.equal(update(['10.6.1.1'], ['10.6.1.1'], autoLabel), 0);
    assert.equal(update(['10.6.0.1', '10.6.0.3'], ['10.6.0.1'], autoLabel), 1);
  });

  test('validateOwnedPool() lets no address pass that the subnet does not distribute', () => {
    fc.assert(
      fc.property(writtenPool, writtenPool, (pool, other) => {
        const subnet = { ...subnetFixture(), spec: { ...other.spec, subnet: pool.spec.subnet } };
        const errors = validatePoolCreate(pool, { families, otherPools: [], owner: subnet });
        const [used, distributed] = [networkFacts(pool.spec).usable, networkFacts(subnet.spec).usable];
        assert.ok(used && distributed);
        assert.equal(
          errors.some(({ message }) => message.includes('no addresses of subnet')),
          !distributed.covers(used),
        );
      }),
    );
  });
});

describe('poolsInTheWay()', () => {
  test('poolsInTheWay() finds all that validation names', () => {
    const pools = fc.array(fc.oneof(anyPool, writtenPool), { maxLength: 4 });
    fc.assert(
      fc.property(fc.oneof(anyPool, writtenPool), anyPool, pools, (pool, old, others) => {
        const few = poolsInTheWay(pool, others);
        assert.deepEqual(
          validatePoolCreate(pool, { families, otherPools: few }),
          validatePoolCreate(pool, { families, otherPools: others }),
        );
        const context = { families, allocated: [] };
        assert.deepEqual(
          validatePoolUpdate(old, pool, { ...context, otherPools: few }),
          validatePoolUpdate(old, pool, { ...context, otherPools: others }),
        );
      }),
    );
  });

  test('poolsInTheWay() leaves out what has nothing to do with a pool', () => {
    const others = [
      poolFixture({ subnet: '10.7.0.0/16', ips: [] }, { name: 'b' }),
      poolFixture({ ips: ['10.6.0.21'] }, { name: 'c' }),
    ];
    assert.deepEqual(poolsInTheWay(poolFixture(), others), []);
    assert.equal(poolsInTheWay(poolFixture({ ips: ['10.6.0.21'] }), others).length, 1);
  });
});
