import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../api/invariant-error.ts';
import { reuseDelayAnnotation } from '../api/names.ts';
import { usableAddresses } from '../api/network-facts.ts';
import { defaultPool } from '../api/pool-defaults.ts';
import { validatePool } from '../api/pool-validation.ts';
import { anyPool, poolFixture, reservedFixture, writtenPool } from '../api/testing/resources.ts';
import { formatAddress } from '../ip/address.ts';
import { formatCidr } from '../ip/cidr.ts';
import { compilePool, reservedAddresses } from './compile-pool.ts';

describe('compilePool()', () => {
  test('compilePool() reads every field', () => {
    const podAffinity = { matchLabels: { a: 'b' } };
    const pool = compilePool(
      poolFixture(
        {
          excludeIPs: ['10.6.0.12'],
          gateway: '10.6.0.1',
          routes: [{ dst: '10.7.9.9/16', gw: '10.6.0.2' }],
          podAffinity,
          nodeName: ['n'],
          namespaceName: ['s'],
          multusName: ['s/m'],
          default: true,
          disable: true,
        },
        { deletionTimestamp: '2026-01-01T00:00:00Z', annotations: { [reuseDelayAnnotation]: '5m' } },
      ),
    );
    const { subnet, addresses, excluded, gateway, routes, ...rest } = pool;
    assert.equal(formatCidr(subnet), '10.6.0.0/16');
    assert.deepEqual(addresses.toStrings(), ['10.6.0.10-10.6.0.20']);
    assert.deepEqual(excluded.toStrings(), ['10.6.0.12']);
    assert.equal(gateway && formatAddress(gateway), '10.6.0.1');
    assert.deepEqual(
      routes.map((route) => [formatCidr(route.destination), formatAddress(route.gateway)]),
      [['10.7.0.0/16', '10.6.0.2']],
    );
    assert.deepEqual(rest, {
      name: 'a',
      family: 4,
      disabled: true,
      deleting: true,
      isDefault: true,
      podAffinity,
      namespaceNames: ['s'],
      nodeNames: ['n'],
      multusNames: ['s/m'],
      reuseDelayMs: 300_000,
      isAutoPool: false,
      hasOriginalRecords: false,
      isInBlocks: false,
    });
  });

  test('compilePool() leaves out what the pool does not say', () => {
    const pool = compilePool({ ...poolFixture(), spec: { ipVersion: 6, subnet: 'fd00::/64' } });
    assert.deepEqual([pool.gateway, pool.podAffinity, pool.reuseDelayMs], [undefined, undefined, 30_000]);
    assert.deepEqual([pool.disabled, pool.deleting, pool.isDefault], [false, false, false]);
    assert.ok(pool.addresses.isEmpty);
    assert.ok(!Object.hasOwn(pool, 'gateway'));
  });

  test('compilePool() tells an auto pool by its label', () => {
    const labels = { 'ipam.spidernet.io/owner-application-name': 'web' };
    assert.equal(compilePool(poolFixture({}, { labels })).isAutoPool, true);
  });

  test('compilePool() tells records of the original unless they were imported', () => {
    const record = '{"10.6.0.10":{"pod":"default/a","podUid":"u"}}';
    const rows: readonly [string | undefined, string | undefined, boolean][] = [
      [undefined, undefined, false],
      ['', undefined, false],
      ['null', undefined, false],
      [' { } ', undefined, false],
      [record, undefined, true],
      [record, 'status', true],
      ['not JSON', undefined, true],
      [record, 'blocks', false],
    ];
    for (const [allocatedIPs, ledger, expected] of rows) {
      const annotations = ledger === undefined ? {} : { 'ipam.spidernet.io/ledger': ledger };
      const status = allocatedIPs === undefined ? {} : { allocatedIPs };
      const pool = compilePool({ ...poolFixture({}, { annotations }), status });
      assert.equal(pool.hasOriginalRecords, expected, `${allocatedIPs} ${ledger}`);
    }
  });

  test('compilePool() compiles whatever validation accepts', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyPool, writtenPool).map((pool) => defaultPool(pool)),
        (resource) => {
          fc.pre(validatePool(resource, [4, 6]).length === 0);
          const pool = compilePool(resource);
          const usable = pool.addresses.subtract(pool.excluded);
          assert.deepEqual(usable.toStrings(), usableAddresses(resource.spec)?.toStrings());
        },
      ),
    );
  });

  const broken = [
    { ipVersion: undefined },
    { ips: ['10.6.0.9-10.6.0.1'] },
    { subnet: 'fd00::/64' },
    { gateway: 'x' },
    { routes: [{ dst: 'x', gw: '10.6.0.1' }] },
  ];
  for (const spec of broken) {
    test(`compilePool() throws for ${JSON.stringify(spec)}, which validation refuses`, () => {
      assert.throws(() => compilePool(poolFixture(spec as object)), InvariantError);
    });
  }
});

describe('reservedAddresses()', () => {
  test('reservedAddresses() joins objects of each family', () => {
    const reserved = reservedAddresses([
      reservedFixture({ ipVersion: 4, ips: ['10.0.0.1-10.0.0.3'] }),
      reservedFixture({ ipVersion: 4, ips: ['10.0.0.2', '10.0.0.4'] }, { deletionTimestamp: 'x' }),
      reservedFixture({ ipVersion: 6, ips: ['::1-::5'] }),
      reservedFixture({ ipVersion: 6 }),
    ]);
    assert.deepEqual(reserved[4].toStrings(), ['10.0.0.1-10.0.0.4']);
    assert.deepEqual(reserved[6].toStrings(), ['::1-::5']);
  });

  test('reservedAddresses() throws for what validation refuses', () => {
    const reversed = reservedFixture({ ipVersion: 4, ips: ['10.0.0.3-10.0.0.1'] });
    assert.throws(() => reservedAddresses([reversed]), InvariantError);
  });
});
