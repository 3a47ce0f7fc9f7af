import assert from 'node:assert/strict';
import test from 'node:test';
import { parseAddress } from '../../src/ip/address.ts';
import { planAdd } from '../../src/ipam/plan.ts';
import { factsWith, ipv6Spec, nicRequest } from '../../src/ipam/testing/facts.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';
import { keptWants } from './standing-addresses.ts';

const both = { 4: true, 6: true };

/** What is kept for a StatefulSet's pod: an address of a pool. */
function kept(pool: string, text: string): AllocationRecord {
  const address = parseAddress(text) ?? assert.fail();
  const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'web-0' };
  return { address, pool, network: 'net', nic: 'eth0', sinceMs: 0, owner, holders: [] };
}

/** What an ADD that names these pools wants of what is kept; all pools are disabled. */
function wantsOf(
  named: { 4: string[]; 6: string[] },
  records: readonly AllocationRecord[],
  { keepsByPool = true } = {},
) {
  const facts = factsWith({ a: { disable: true }, b: { disable: true }, c: { ...ipv6Spec, disable: true } });
  const plan = planAdd(nicRequest({ configPools: named }), facts, both);
  assert.equal(plan.problem?.code, 102);
  return keptWants('eth0', plan, records, { catalog: facts.catalog, keepsByPool });
}

test('keptWants() asks for exactly what is kept, in pools that are named, accepted or not', () => {
  const [four, six] = [kept('b', '10.6.0.12'), kept('c', 'fd00:6::11')];
  const wants = wantsOf({ 4: ['a', 'b'], 6: ['c'] }, [four, six]) ?? assert.fail();
  assert.deepEqual(
    wants.map(({ nic, family, pools, requested }) => [nic, family, pools.map(({ name }) => name), requested]),
    [
      ['eth0', 4, ['b'], four.address],
      ['eth0', 6, ['c'], six.address],
    ],
  );
});

test('keptWants() keeps nothing of a pool that is not named any more', () => {
  assert.equal(wantsOf({ 4: ['a'], 6: [] }, [kept('b', '10.6.0.12')]), undefined);
});

test('keptWants() keeps what a virtual machine has, whatever is named for it now', () => {
  const wants = wantsOf({ 4: ['a'], 6: [] }, [kept('b', '10.6.0.12')], { keepsByPool: false });
  assert.deepEqual(
    wants?.map(({ pools }) => pools.map(({ name }) => name)),
    [['b']],
  );
});

test('keptWants() keeps nothing when a family that is asked for has no record', () => {
  assert.equal(wantsOf({ 4: ['b'], 6: ['c'] }, [kept('b', '10.6.0.12')]), undefined);
});

test('keptWants() keeps nothing when the plan comes to no pools', () => {
  const facts = factsWith({ a: {} });
  const plan = planAdd(nicRequest(), facts, both);
  assert.equal(
    keptWants('eth0', plan, [kept('a', '10.6.0.12')], { catalog: facts.catalog, keepsByPool: true }),
    undefined,
  );
});
