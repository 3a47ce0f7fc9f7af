import assert from 'node:assert/strict';
import test from 'node:test';
import { podRefusal } from './pod-refusal.ts';
import { podView } from './testing/objects.ts';

const asked = { namespace: 'default', name: 'a', uid: 'uid-1' };

test('podRefusal() lets a living pod of this node have addresses, with and without its UID', () => {
  assert.equal(podRefusal(asked, podView(), 'node-1'), undefined);
  assert.equal(podRefusal({ namespace: 'default', name: 'a' }, podView(), 'node-1'), undefined);
  assert.equal(podRefusal(asked, podView({ uid: 'mirror', configHash: 'uid-1' }), 'node-1'), undefined);
});

test('podRefusal() tells that the pod does not exist', () => {
  assert.match(podRefusal(asked, undefined, 'node-1') ?? '', /^pod default\/a does not exist/);
});

test('podRefusal() names the pod that has the name now', () => {
  const text = podRefusal(asked, podView({ uid: 'uid-2' }), 'node-1') ?? '';
  assert.match(text, /pod default\/a with UID "uid-1" is gone: .* now has UID uid-2/);
});

test('podRefusal() names the node that the pod belongs to', () => {
  assert.match(podRefusal(asked, podView(), 'node-2') ?? '', /belongs to node node-1, this is node-2/);
  const { nodeName: _unscheduled, ...pending } = podView();
  assert.match(podRefusal(asked, pending, 'node-2') ?? '', /is not scheduled/);
});

test('podRefusal() tells what ended the pod', () => {
  assert.match(
    podRefusal(asked, podView({ deleting: true }), 'node-1') ?? '',
    /pod default\/a is being deleted/,
  );
});
