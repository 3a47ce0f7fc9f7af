import assert from 'node:assert/strict';
import test from 'node:test';
import { reservedFixture } from '../api/testing/resources.ts';
import { CniCode } from '../cni/error.ts';
import { planAdd } from './plan.ts';
import { exhaustedError } from './refusal.ts';
import { factsWith, nicRequest } from './testing/facts.ts';

test('exhaustedError() tells the counts of each pool that was tried, and why others were not', () => {
  const facts = factsWith(
    { a: { excludeIPs: ['10.6.0.10-10.6.0.11'] }, off: { disable: true } },
    { reserved: [reservedFixture({ ipVersion: 4, ips: ['10.6.0.12'] })] },
  );
  const plan = planAdd(nicRequest({ configPools: { 4: ['a', 'off'], 6: [] } }), facts, { 4: true, 6: true });
  const tried = [{ pool: 'a', allocated: 7, outside: 0, suspect: 1 }];
  const error = exhaustedError('eth0', 4, tried, facts.catalog, plan);
  assert.equal(error.code, CniCode.poolsExhausted);
  assert.match(
    error.message,
    /^no free IPv4 address for NIC eth0: pool a \(total 9, allocated 7, reserved 1, excluded 2, suspect 1\)/,
  );
  assert.match(error.message, /not tried: pool off is disabled/);
});

test('exhaustedError() tells of a shrunk pool how many of its addresses are outside', () => {
  const facts = factsWith({ a: {} });
  const plan = planAdd(nicRequest({ configPools: { 4: ['a'], 6: [] } }), facts, { 4: true, 6: true });
  const tried = [{ pool: 'a', allocated: 13, outside: 2, suspect: 0 }];
  const { message } = exhaustedError('eth0', 4, tried, facts.catalog, plan);
  assert.match(message, /total 11, allocated 13, 2 of them outside of its ranges, reserved 0/);
});
