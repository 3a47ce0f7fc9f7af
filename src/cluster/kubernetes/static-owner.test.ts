import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { podOfSet, staticOwnerOf } from './static-owner.ts';
import { podView } from './testing/objects.ts';

const both = { enableStatefulSet: true, enableKubevirtStaticIP: true };
const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u' };
const machine = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: 'vm', uid: 'u' };

test('staticOwnerOf() names the ordinal of a StatefulSet, whose pods come after each other', () => {
  assert.deepEqual(staticOwnerOf(podView({ name: 'web-10', controller: set }), both), {
    kind: 'StatefulSet',
    namespace: 'default',
    name: 'web-10',
    takeover: 'move',
  });
});

test('staticOwnerOf() names the virtual machine, whose pods stand beside each other in a migration', () => {
  for (const apiVersion of ['kubevirt.io/v1', 'kubevirt.io/v1alpha3']) {
    const pod = podView({ name: 'virt-launcher-vm-x7', controller: { ...machine, apiVersion } });
    assert.deepEqual(staticOwnerOf(pod, both), {
      kind: 'VirtualMachineInstance',
      namespace: 'default',
      name: 'vm',
      takeover: 'share',
    });
  }
});

test('staticOwnerOf() finds none where the configuration keeps nothing', () => {
  const off = { enableStatefulSet: false, enableKubevirtStaticIP: false };
  assert.equal(staticOwnerOf(podView({ name: 'web-0', controller: set }), off), undefined);
  assert.equal(staticOwnerOf(podView({ controller: machine }), off), undefined);
});

test('staticOwnerOf() finds none for other controllers and for pods that are no ordinal of their set', () => {
  const owners = [
    { name: 'a' },
    { name: 'web-0', controller: { ...set, apiVersion: 'apps.kruise.io/v1' } },
    { name: 'web-0', controller: { ...set, kind: 'ReplicaSet' } },
    { name: 'web-0', controller: { ...set, name: 'db' } },
    { name: 'web', controller: set },
    { name: 'a', controller: { ...machine, apiVersion: 'kubevirt.iox/v1' } },
  ];
  for (const pod of owners) assert.equal(staticOwnerOf(podView(pod), both), undefined, JSON.stringify(pod));
});

test('podOfSet() is the inverse of how a StatefulSet names its pods', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,40}[a-z0-9])?$/);
  fc.assert(
    fc.property(name, fc.nat(), (setName, ordinal) => {
      assert.deepEqual(podOfSet(`${setName}-${ordinal}`), { set: setName, ordinal: BigInt(ordinal) });
    }),
  );
});
