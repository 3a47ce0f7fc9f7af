import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ledgerAnnotation, poolCidrLabel, poolFinalizer } from './names.ts';
import { subnetLabelValue } from './network-defaults.ts';
import { usableAddresses } from './network-facts.ts';
import { defaultPool, markNewPool } from './pool-defaults.ts';
import { anyPool, poolFixture, writtenPool } from './testing/resources.ts';

describe('defaultPool()', () => {
  test('defaultPool() adds finalizer and label to what is stored, and keeps those of others', () => {
    const pool = poolFixture({}, { finalizers: ['x/y'], labels: { a: 'b', [poolCidrLabel]: 'wrong' } });
    const { metadata } = defaultPool(pool, { storedFields: true });
    assert.deepEqual(metadata.finalizers, ['x/y', poolFinalizer]);
    assert.deepEqual(metadata.labels, { a: 'b', [poolCidrLabel]: '10-6-0-0-16' });
  });

  test('defaultPool() leaves metadata alone unless the object is stored', () => {
    const pool = poolFixture();
    assert.equal(defaultPool(pool).metadata, pool.metadata);
  });

  test('defaultPool() takes the family from the subnet', () => {
    const { ipVersion: _4, ...v4 } = poolFixture().spec;
    assert.equal(defaultPool({ ...poolFixture(), spec: v4 }).spec.ipVersion, 4);
    assert.equal(defaultPool({ ...poolFixture(), spec: { subnet: 'fd00::/64' } }).spec.ipVersion, 6);
  });

  test('defaultPool() stops at a subnet that is none, after the finalizer', () => {
    const pool = { ...poolFixture(), spec: { subnet: 'x', ips: ['10.6.0.2', '10.6.0.1'] } };
    const { metadata, spec } = defaultPool(pool, { storedFields: true });
    assert.deepEqual(metadata, { name: 'a', finalizers: [poolFinalizer] });
    assert.deepEqual(spec, { ...pool.spec, default: false, disable: false });
  });

  test('defaultPool() merges lists of several entries and leaves single ones as written', () => {
    const { spec } = defaultPool(
      poolFixture({
        ips: ['10.6.0.3-10.6.0.4', '10.6.0.1', '10.6.0.2', '10.6.0.2'],
        excludeIPs: ['10.6.0.2-10.6.0.2'],
      }),
    );
    assert.deepEqual(spec.ips, ['10.6.0.1-10.6.0.4']);
    assert.deepEqual(spec.excludeIPs, ['10.6.0.2-10.6.0.2']);
  });

  test('defaultPool() leaves a list with a bad entry for validation', () => {
    const ips = ['10.6.0.2', '10.6.0.9-10.6.0.1'];
    assert.deepEqual(defaultPool(poolFixture({ ips })).spec.ips, ips);
  });

  test('defaultPool() keeps what the user decided', () => {
    const { spec } = defaultPool(poolFixture({ default: true, disable: true }));
    assert.deepEqual([spec.default, spec.disable], [true, true]);
  });

  test('defaultPool() does not touch a stored pool that is being deleted', () => {
    const pool = poolFixture({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.equal(defaultPool(pool, { storedFields: true }), pool);
  });

  test('defaultPool() is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(anyPool, writtenPool), fc.boolean(), (pool, storedFields) => {
        const once = defaultPool(pool, { storedFields });
        assert.deepEqual(defaultPool(once, { storedFields }), once);
      }),
    );
  });

  test('defaultPool() keeps the set of addresses', () => {
    fc.assert(
      fc.property(fc.oneof(anyPool, writtenPool), (pool) => {
        const [before, after] = [usableAddresses(pool.spec), usableAddresses(defaultPool(pool).spec)];
        assert.deepEqual(after?.toStrings(), before?.toStrings());
      }),
    );
  });
});

describe('markNewPool()', () => {
  test('markNewPool() says that the records of a new pool are in blocks', () => {
    const pool = poolFixture({}, { annotations: { a: 'b' } });
    assert.deepEqual(markNewPool(pool).metadata.annotations, { a: 'b', [ledgerAnnotation]: 'blocks' });
    for (const allocatedIPs of ['', '{}', 'null']) {
      const marked = markNewPool({ ...pool, status: { allocatedIPs } });
      assert.equal(marked.metadata.annotations?.[ledgerAnnotation], 'blocks');
    }
  });

  test('markNewPool() leaves records of the original, and what somebody said, alone', () => {
    const original = { ...poolFixture(), status: { allocatedIPs: '{"10.6.0.10":{}}' } };
    assert.equal(markNewPool(original), original);
    const said = poolFixture({}, { annotations: { [ledgerAnnotation]: 'x' } });
    assert.equal(markNewPool(said), said);
  });
});

describe('subnetLabelValue()', () => {
  test('subnetLabelValue() spells subnets as labels of the original do', () => {
    assert.equal(subnetLabelValue('10.6.0.0/16'), '10-6-0-0-16');
    assert.equal(subnetLabelValue('fd00:db8::/64'), 'fd00-db8---64');
  });
});
