import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseExactJson } from '../../api/exact-json.ts';
import { poolFixture, writtenPool } from '../../api/testing/resources.ts';
import { readStoredPool } from './stored-pool.ts';

test('readStoredPool() fills in what admission would have filled in', () => {
  const { ipVersion: _left, ...spec } = poolFixture().spec;
  const { pool } = readStoredPool({ ...poolFixture(), spec });
  assert.equal(pool?.family, 4);
  assert.equal(pool?.addresses.size, 11n);
});

test('readStoredPool() is not disturbed by a status, whose counts no number holds', () => {
  const status = '{"totalIPCount": 9223372036854775807, "allocatedIPCount": 3}';
  for (const parse of [JSON.parse, parseExactJson]) {
    const { pool } = readStoredPool({ ...poolFixture(), status: parse(status) });
    assert.equal(pool?.name, 'a');
  }
});

test('readStoredPool() tells of records of the original until they are imported', () => {
  const status = { allocatedIPs: '{"10.6.0.10":{"pod":"default/a","podUid":"u"}}', allocatedIPCount: 1 };
  assert.equal(readStoredPool({ ...poolFixture(), status }).pool?.hasOriginalRecords, true);
  const imported = poolFixture({}, { annotations: { 'ipam.spidernet.io/ledger': 'blocks' } });
  assert.equal(readStoredPool({ ...imported, status }).pool?.hasOriginalRecords, false);
});

test('readStoredPool() says why a pool can not be used, the first errors with their fields', () => {
  const { pool, problem } = readStoredPool(poolFixture({ ips: ['10.7.0.1', '10.7.0.2', 'x', 'y', 'z'] }));
  assert.equal(pool, undefined);
  assert.match(problem ?? '', /^spec\.ips\[0\]: .*; spec\.ips\[1\]: .*; \d more errors$/);
});

test('readStoredPool() uses every pool that a user may write, and never throws', () => {
  fc.assert(
    fc.property(writtenPool, (written) => {
      assert.equal(readStoredPool(written).problem, undefined);
    }),
  );
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (spec, metadata) => {
      const stored = readStoredPool({ ...poolFixture(), spec, metadata });
      assert.notEqual(stored.problem, undefined);
    }),
  );
});
