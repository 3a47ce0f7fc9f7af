import assert from 'node:assert/strict';
import test from 'node:test';
import { formatAddress, parseAddress } from '../../src/ip/address.ts';
import { planAdd } from '../../src/ipam/plan.ts';
import { clusterFacts, factsWith, ipv6Spec, nicRequest } from '../../src/ipam/testing/facts.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import { surplusRecords } from './surplus-records.ts';

const holder: Holder = { uid: 'u', sandbox: 's', node: 'n', pod: { namespace: 'shop', name: 'web-0' } };

function kept(nic: string, text: string, holders: readonly Holder[] = []): AllocationRecord {
  const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'web-0' };
  const address = parseAddress(text) ?? assert.fail();
  return { address, pool: 'a', network: 'net', nic, sinceMs: 0, owner, holders };
}

const records = [kept('eth0', '10.6.0.12'), kept('eth0', 'fd00:6::11'), kept('net1', '10.6.0.13')];

/** What an ADD of eth0 has no use for. */
function surplusOf(
  annotations: Readonly<Record<string, string>>,
  { all = records, isIpv6On = true } = {},
): readonly string[] {
  const facts = factsWith({ a: {}, b: ipv6Spec }, clusterFacts({ pod: annotations }));
  const plan = planAdd(nicRequest(), facts, { 4: true, 6: isIpv6On });
  assert.equal(plan.problem, undefined);
  return surplusRecords(plan, all).map(({ address, nic }) => `${nic} ${formatAddress(address)}`);
}

const ippool = (value: object) => ({ 'ipam.spidernet.io/ippool': JSON.stringify(value) });
const ippools = (value: object) => ({ 'ipam.spidernet.io/ippools': JSON.stringify(value) });

test('surplusRecords() finds the family that is not named any more, for the NIC that is added', () => {
  assert.deepEqual(surplusOf(ippool({ ipv4: ['a'] })), ['eth0 fd00:6::11']);
  assert.deepEqual(surplusOf(ippool({ ipv4: ['a'], ipv6: ['b'] })), []);
});

test('surplusRecords() finds NICs that the annotation for all of them leaves out', () => {
  const eth0 = { interface: 'eth0', ipv4: ['a'], ipv6: ['b'] };
  assert.deepEqual(surplusOf(ippools([eth0])), ['net1 10.6.0.13']);
  assert.deepEqual(surplusOf(ippools([eth0, { interface: 'net1', ipv4: ['a'] }])), []);
});

test('surplusRecords() leaves a family that is switched off, and what somebody holds', () => {
  assert.deepEqual(surplusOf(ippool({ ipv4: ['a'], ipv6: ['b'] }), { isIpv6On: false }), []);
  const held = [kept('eth0', 'fd00:6::11', [holder])];
  assert.deepEqual(surplusOf(ippool({ ipv4: ['a'] }), { all: held }), []);
});
