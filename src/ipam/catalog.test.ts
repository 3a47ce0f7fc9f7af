import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { InvariantError } from '../api/invariant-error.ts';
import { reuseDelayAnnotation } from '../api/names.ts';
import { defaultPool } from '../api/pool-defaults.ts';
import type { ObjectMeta, SpiderIPPoolSpec } from '../api/resources.ts';
import { poolFixture, reservedFixture, writtenPool } from '../api/testing/resources.ts';
import { buildCatalog } from './catalog.ts';
import { compilePool, reservedAddresses } from './compile-pool.ts';

const pool = (spec: Partial<SpiderIPPoolSpec> = {}, metadata: Partial<ObjectMeta> = {}) =>
  compilePool(poolFixture(spec, metadata));
const reserve = (...ips: string[]) => reservedAddresses([reservedFixture({ ipVersion: 4, ips })]);
const none = reservedAddresses([]);

describe('buildCatalog()', () => {
  test('buildCatalog() subtracts what is excluded and reserved, and counts each once', () => {
    const catalog = buildCatalog(
      [pool({ excludeIPs: ['10.6.0.10-10.6.0.12', '10.6.0.200'] })],
      reserve('10.6.0.12-10.6.0.14', '10.9.0.0-10.9.255.255'),
    );
    const { range, total, excluded, reserved } = catalog.byName.get('a') ?? assert.fail();
    assert.deepEqual(range.eligible.toStrings(), ['10.6.0.15-10.6.0.20']);
    assert.deepEqual([total, excluded, reserved], [8n, 3n, 2n]);
    assert.deepEqual([range.name, range.family, range.reuseDelayMs], ['a', 4, 30_000]);
  });

  test('buildCatalog() counts the whole of IPv6 exactly', () => {
    const all = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
    const catalog = buildCatalog([pool({ ipVersion: 6, subnet: '::/0', ips: [`::-${all}`] })], none);
    assert.equal(catalog.pools[0]?.total, 2n ** 128n);
  });

  test('buildCatalog() orders by name, by code units', () => {
    const named = ['b', 'a-1', 'a', 'a.1'].map((name) => pool({}, { name }));
    assert.deepEqual(
      buildCatalog(named, none).pools.map((entry) => entry.pool.name),
      ['a', 'a-1', 'a.1', 'b'],
    );
  });

  test('buildCatalog() refuses two pools of one name', () => {
    assert.throws(() => buildCatalog([pool(), pool()], none), InvariantError);
  });

  test('buildCatalog() keeps entries whose content is the same', () => {
    const before = buildCatalog(
      [pool({ ips: ['10.6.0.1-10.6.0.9'], gateway: '10.6.0.20' })],
      reserve('10.6.0.2'),
    );
    const again = pool({ ips: ['10.6.0.1', '10.6.0.2-10.6.0.9'], gateway: '10.6.0.20' });
    const after = buildCatalog([again], reserve('10.6.0.2', '10.7.0.1'), before);
    assert.equal(after.pools[0], before.pools[0]);
  });

  test('buildCatalog() keeps the range of a pool that changed in other things', () => {
    const before = buildCatalog([pool()], none);
    const after = buildCatalog([pool({ disable: true })], none, before);
    assert.notEqual(after.pools[0], before.pools[0]);
    assert.equal(after.pools[0]?.pool.disabled, true);
    assert.equal(after.pools[0]?.range, before.pools[0]?.range);
  });

  test('buildCatalog() keeps the addresses when only the delay changed', () => {
    const before = buildCatalog([pool()], none);
    const after = buildCatalog([pool({}, { annotations: { [reuseDelayAnnotation]: '1m' } })], none, before);
    assert.equal(after.pools[0]?.range.reuseDelayMs, 60_000);
    assert.equal(after.pools[0]?.range.eligible, before.pools[0]?.range.eligible);
  });

  test('buildCatalog() notices a reservation, and counts it when the addresses stay the same', () => {
    const before = buildCatalog([pool()], none);
    const after = buildCatalog([pool()], reserve('10.6.0.10'), before);
    assert.deepEqual(after.pools[0]?.range.eligible.toStrings(), ['10.6.0.11-10.6.0.20']);
    const moved = buildCatalog([pool({ excludeIPs: ['10.6.0.10'] })], none, after);
    assert.equal(moved.pools[0]?.range.eligible, after.pools[0]?.range.eligible);
    assert.deepEqual([moved.pools[0]?.excluded, moved.pools[0]?.reserved], [1n, 0n]);
  });

  test('buildCatalog() counts up to the size of ips, and gives the same objects for the same input', () => {
    fc.assert(
      fc.property(writtenPool, writtenPool, (written, other) => {
        const compiled = compilePool(defaultPool(written));
        const reservation = defaultPool(other).spec;
        const reserved = reservedAddresses([
          reservedFixture({ ipVersion: reservation.ipVersion ?? 4, ips: reservation.ips ?? [] }),
        ]);
        const catalog = buildCatalog([compiled], reserved);
        const entry = catalog.pools[0] ?? assert.fail();
        assert.equal(entry.range.eligible.size + entry.reserved + entry.excluded, compiled.addresses.size);
        assert.equal(entry.total, entry.range.eligible.size + entry.reserved);
        assert.ok(!entry.range.eligible.intersects(reserved[compiled.family]));
        const next = buildCatalog([compilePool(defaultPool(written))], reserved, catalog);
        assert.equal(next.pools[0], entry);
      }),
    );
  });
});
