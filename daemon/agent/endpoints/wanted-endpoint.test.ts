import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { podView } from '../../../src/cluster/kubernetes/testing/objects.ts';
import { endpointKey, endpointName, endpointOfRecord } from '../../../src/endpoints/endpoint-key.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import { holder, record } from './testing/records.ts';
import { wantedEndpoint } from './wanted-endpoint.ts';

const key = 'default/a';
const statefulSet = { kind: 'StatefulSet', namespace: 'default', name: 'a' };
const machine = { kind: 'VirtualMachineInstance', namespace: 'default', name: 'vm' };

function wanted(records: readonly AllocationRecord[], pod?: PodView, of: `${string}/${string}` = key) {
  const find = (namespace: string, name: string): PodView | undefined =>
    pod?.namespace === namespace && pod.name === name ? pod : undefined;
  return wantedEndpoint(of, { nodeName: 'node-1', records, pod: find });
}

test('wantedEndpoint() writes the records of a living pod, those of its UID alone', () => {
  const own = [record('10.6.0.10'), record('10.6.0.11', { nic: 'net1' })];
  const former = record('10.6.0.12', { holders: [holder({ uid: 'uid-0' })] });
  const other = record('10.6.0.13', { holders: [holder({ pod: { namespace: 'default', name: 'b' } })] });
  const pod = podView();
  assert.deepEqual(wanted([former, ...own, other], pod), {
    action: 'write',
    pod,
    uid: 'uid-1',
    records: own,
  });
});

test('wantedEndpoint() knows a static pod by the UID that the kubelet gave it', () => {
  const pod = podView({ uid: 'mirror', configHash: 'uid-1' });
  assert.equal(wanted([record('10.6.0.10')], pod).action, 'write');
});

test('wantedEndpoint() waits for a pod that the watch has not shown', () => {
  assert.equal(wanted([record('10.6.0.10')]).action, 'wait');
  assert.equal(wanted([record('10.6.0.10')], podView({ uid: 'uid-0' })).action, 'wait');
});

test('wantedEndpoint() leaves the endpoint of a pod that ends', () => {
  assert.equal(wanted([record('10.6.0.10')], podView({ deleting: true })).action, 'keep');
});

test('wantedEndpoint() removes the endpoint of a pod without records', () => {
  assert.equal(wanted([], podView()).action, 'remove');
});

test('wantedEndpoint() leaves the endpoint of an owner whose addresses are kept', () => {
  assert.equal(wanted([record('10.6.0.10', { owner: statefulSet, holders: [] })]).action, 'keep');
});

test('wantedEndpoint() leaves the endpoint of a workload that moved to another node', () => {
  const holders = [holder(), holder({ uid: 'uid-2', node: 'node-2' })];
  assert.equal(wanted([record('10.6.0.10', { owner: statefulSet, holders })], podView()).action, 'keep');
});

test('wantedEndpoint() writes the endpoint of a machine by its newest pod', () => {
  const pod = podView({ name: 'virt-launcher-vm-1' });
  const launcher = holder({ pod: { namespace: 'default', name: 'virt-launcher-vm-1' } });
  const records = [record('10.6.0.10', { owner: machine, holders: [holder({ uid: 'uid-0' }), launcher] })];
  assert.equal(wanted(records, pod, 'default/vm').action, 'write');
  assert.equal(wanted(records, pod, 'default/virt-launcher-vm-1').action, 'remove');
});

test('endpointOfRecord() knows no endpoint of a container without a pod', () => {
  const nameless = holder({ pod: { namespace: '', name: '' } });
  assert.equal(endpointOfRecord(record('10.6.0.10', { holders: [nameless] })), undefined);
  assert.equal(endpointOfRecord(record('10.6.0.10', { holders: [] })), undefined);
});

test('endpointName() is the inverse of endpointKey()', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
  fc.assert(
    fc.property(fc.record({ namespace: name, name }), (pod) => {
      assert.deepEqual(endpointName(endpointKey(pod)), { ...pod });
    }),
  );
});
