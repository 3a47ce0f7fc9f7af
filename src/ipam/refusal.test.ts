import assert from 'node:assert/strict';
import test from 'node:test';
import { reservedFixture } from '../api/testing/resources.ts';
import { CniCode } from '../cni/error.ts';
import { planAdd } from './plan.ts';
import { exhaustedError, requestedDiffersError } from './refusal.ts';
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

test('requestedDiffersError() says how the address that stands can be given up', () => {
  const [requested, address] = [0x0a06000c, 0x0a06000b];
  assert.equal(
    requestedDiffersError(requested, 'eth0', { address }).message,
    'NIC eth0 already has 10.6.0.11, so the requested 10.6.0.12 is not given beside it: delete the attachment first',
  );
  assert.equal(
    requestedDiffersError(requested, 'eth0', { address, keptFor: 'StatefulSet shop/web-0' }).message,
    'NIC eth0 has 10.6.0.11, kept for StatefulSet shop/web-0, so the requested 10.6.0.12 is not given beside it: ' +
      'ask for 10.6.0.11, or give it up with spiderpoolctl release 10.6.0.11',
  );
});
