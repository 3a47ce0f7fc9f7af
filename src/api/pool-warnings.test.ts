import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { poolWarnings } from './pool-warnings.ts';
import { poolFixture } from './testing/resources.ts';

/** The addresses that a pool of this one range is warned of. */
function unusable(subnet: string, range: string, ipVersion: 4 | 6 = 4): (string | undefined)[] {
  const pool = poolFixture({ ipVersion, subnet, ips: [range] });
  return poolWarnings(pool).map(({ message }) => message.split(' ')[0]);
}

describe('poolWarnings()', () => {
  test('poolWarnings() has nothing to say of a plain pool', () => {
    const names = { nodeName: ['n1'], namespaceName: ['x'], multusName: ['net', 'x/net'] };
    assert.deepEqual(poolWarnings(poolFixture(names)), []);
  });

  test('poolWarnings() names addresses that hosts can not use', () => {
    assert.deepEqual(unusable('10.6.0.0/30', '10.6.0.0-10.6.0.3'), ['10.6.0.0', '10.6.0.3']);
    assert.deepEqual(unusable('10.6.0.0/31', '10.6.0.0-10.6.0.1'), []);
    assert.deepEqual(unusable('10.6.0.1/32', '10.6.0.1'), []);
    assert.deepEqual(unusable('fd00::/64', 'fd00::-fd00::9', 6), ['fd00::']);
    assert.deepEqual(unusable('fd00::/127', 'fd00::-fd00::1', 6), []);
  });

  test('poolWarnings() does not count what is excluded', () => {
    assert.deepEqual(poolWarnings(poolFixture({ ips: ['10.6.0.0-10.6.0.9'], excludeIPs: ['10.6.0.0'] })), []);
    assert.deepEqual(poolWarnings(poolFixture({ excludeIPs: ['10.6.0.0-10.6.255.255'] })), [
      { path: 'spec.ips', message: 'the pool has no address to hand out: write some in ips' },
    ]);
  });

  test('poolWarnings() names what can match nothing', () => {
    const pool = poolFixture({ nodeName: ['n 1'], namespaceName: ['X'], multusName: ['a/b/c', ''] });
    assert.deepEqual(
      poolWarnings(pool).map(({ path }) => path),
      ['spec.nodeName[0]', 'spec.namespaceName[0]', 'spec.multusName[0]', 'spec.multusName[1]'],
    );
  });
});
