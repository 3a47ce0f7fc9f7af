import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { defaultPool } from '../api/pool-defaults.ts';
import { poolFixture, writtenPool } from '../api/testing/resources.ts';
import { cidrsOverlap, formatCidr } from '../ip/cidr.ts';
import { compilePool } from './compile-pool.ts';
import type { Pool } from './pool.ts';
import { findPoolConflicts } from './pool-conflicts.ts';

function pool(
  name: string,
  subnet: string,
  ips: readonly string[],
  excludeIPs: readonly string[] = [],
): Pool {
  return compilePool(defaultPool({ ...poolFixture({}, { name }), spec: { subnet, ips, excludeIPs } }));
}

const told = (pools: readonly Pool[]) =>
  findPoolConflicts(pools).map((conflict) => {
    const detail = conflict.kind === 'addresses' ? conflict.shared.toStrings().join() : conflict.kind;
    return `${conflict.pools.join(' and ')}: ${detail}`;
  });

describe('findPoolConflicts()', () => {
  test('findPoolConflicts() accepts neighbours in one subnet and pools of different subnets', () => {
    const pools = [
      pool('a', '10.6.0.0/16', ['10.6.0.1-10.6.0.9']),
      pool('b', '10.6.0.0/16', ['10.6.0.5-10.6.0.20'], ['10.6.0.5-10.6.0.9']),
      pool('c', '10.7.0.0/16', ['10.7.0.1']),
      pool('d', '::a06:0/112', ['::a06:1']),
    ];
    assert.deepEqual(told(pools), []);
  });

  test('findPoolConflicts() finds shared addresses and nested subnets', () => {
    const pools = [
      pool('small', '10.6.9.0/24', ['10.6.9.1-10.6.9.9']),
      pool('a', '10.6.0.0/16', ['10.6.0.1-10.6.0.9']),
      pool('b', '10.6.0.0/16', ['10.6.0.9-10.6.0.12', '10.6.9.4']),
    ];
    assert.deepEqual(told(pools), [
      'a and b: 10.6.0.9',
      'a and small: subnets',
      'b and small: subnets',
      'b and small: 10.6.9.4',
    ]);
  });

  test('findPoolConflicts() finds what a comparison of all pairs finds', () => {
    const nested = fc
      .nat({ max: 255 })
      .chain((third) =>
        fc
          .integer({ min: 9, max: 24 })
          .map((length) => [`10.6.${third}.0/${length}`, `10.6.${third}.7`] as const),
      );
    const pools = fc.array(
      fc.oneof(
        nested.map(([subnet, ip]) => pool('', subnet, [ip])),
        writtenPool.map((written) => compilePool(defaultPool(written))),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(pools, (unnamed) => {
        const named = unnamed.map((entry, index) => ({ ...entry, name: String(index) }));
        const expected = new Set<string>();
        for (const [index, a] of named.entries()) {
          for (const b of named.slice(index + 1)) {
            const key = [a.name, b.name].toSorted().join();
            if (cidrsOverlap(a.subnet, b.subnet) && formatCidr(a.subnet) !== formatCidr(b.subnet)) {
              expected.add(`subnets ${key}`);
            }
            const [own, other] = [a, b].map((entry) => entry.addresses.subtract(entry.excluded));
            if (own && other && own.family === other.family && own.intersects(other))
              expected.add(`addresses ${key}`);
          }
        }
        const found = findPoolConflicts(named).map(
          ({ kind, pools: pair }) => `${kind} ${pair.toSorted().join()}`,
        );
        assert.deepEqual(new Set(found), expected);
        assert.equal(found.length, expected.size);
      }),
    );
  });
});
