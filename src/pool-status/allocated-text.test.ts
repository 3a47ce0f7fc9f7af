import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ip } from '../ledger/contract/fixtures.ts';
import type { AllocationRecord, Holder } from '../ledger/record.ts';
import { ALLOCATED_RECORDS_MAX, allocatedText } from './allocated-text.ts';

const holder: Holder = { uid: 'u1', sandbox: 's', node: 'n', pod: { namespace: 'shop', name: 'web-0' } };

function recordOf(address: string, more: Partial<AllocationRecord> = {}): AllocationRecord {
  return {
    address: ip(address),
    pool: 'p',
    network: 'n',
    nic: 'eth0',
    sinceMs: 0,
    holders: [holder],
    ...more,
  };
}

describe('allocatedText()', () => {
  test('allocatedText() is what the original writes, sorted by the bytes of the keys', () => {
    const text = allocatedText([recordOf('10.6.0.9'), recordOf('10.6.0.10')]);
    const value = '{"pod":"shop/web-0","podUid":"u1"}';
    assert.equal(text, `{"10.6.0.10":${value},"10.6.0.9":${value}}`);
  });

  test('allocatedText() names the machine of a KubeVirt pod, and the pod of a StatefulSet', () => {
    const owned = (kind: string, holders: readonly Holder[]): string | undefined =>
      allocatedText([recordOf('fd00:6::A', { owner: { kind, namespace: 'shop', name: 'own' }, holders })]);
    const launcher: Holder = { ...holder, uid: 'u2', pod: { namespace: 'shop', name: 'virt-launcher-x' } };
    const key = '{"fd00:6::a":';
    assert.equal(
      owned('VirtualMachineInstance', [holder, launcher]),
      `${key}{"pod":"shop/own","podUid":"u2"}}`,
    );
    assert.equal(owned('StatefulSet', [holder]), `${key}{"pod":"shop/web-0","podUid":"u1"}}`);
    assert.equal(owned('StatefulSet', []), `${key}{"pod":"shop/own","podUid":""}}`);
  });

  test('allocatedText() leaves the map out without records, and above its limit', () => {
    assert.equal(allocatedText([]), undefined);
    const records = Array.from({ length: ALLOCATED_RECORDS_MAX + 1 }, (_, index) =>
      recordOf(`10.6.${Math.floor(index / 200)}.${index % 200}`),
    );
    assert.equal(allocatedText(records), undefined);
    const most = allocatedText(records.slice(1)) ?? '';
    assert.equal(Object.keys(Object(JSON.parse(most))).length, ALLOCATED_RECORDS_MAX);
  });
});
