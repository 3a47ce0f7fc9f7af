import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDnsSubdomain } from '../../src/api/label-syntax.ts';
import { eventObject, eventText, type PodEvent } from './pod-event-object.ts';

const event: PodEvent = {
  pod: { namespace: 'default', name: 'a', uid: 'uid-1' },
  reason: 'IPAllocationFailed',
  message: 'pool p is exhausted',
  count: 3,
  firstMs: Date.UTC(2026, 0, 1),
  lastMs: Date.UTC(2026, 0, 1, 0, 0, 59, 999),
  node: 'node-1',
};

test('eventObject() tells what happened to which pod, since when and how often', () => {
  const { metadata, ...rest } = eventObject(event);
  assert.match(metadata.name, /^a\.[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-1' },
    type: 'Warning',
    reason: 'IPAllocationFailed',
    message: 'pool p is exhausted',
    count: 3,
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:59Z',
    source: { component: 'spiderpool-agent', host: 'node-1' },
    reportingComponent: 'spiderpool-agent',
    reportingInstance: 'node-1',
  });
});

test('eventObject() leaves out a UID that is not known', () => {
  const { involvedObject } = eventObject({ ...event, pod: { ...event.pod, uid: '' } });
  assert.equal('uid' in involvedObject, false);
});

test('eventObject() has a name that Kubernetes takes, whatever the pod is called', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,200}[a-z0-9])?(\.[a-z0-9]){0,30}$/);
  fc.assert(
    fc.property(name, (podName) => {
      const { metadata } = eventObject({ ...event, pod: { ...event.pod, name: podName } });
      assert.ok(isDnsSubdomain(metadata.name), metadata.name);
    }),
  );
});

test('eventText() is printable, well-formed and at most 1024 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3_000, size: 'max' }), (text) => {
      const told = eventText(text);
      assert.ok(Buffer.byteLength(told) <= 1024);
      assert.ok(told.isWellFormed());
      // oxlint-disable-next-line no-control-regex -- none may be left
      assert.doesNotMatch(told, /[\u0000-\u001f\u007f]/);
    }),
  );
});

test('eventText() cuts a long text between two characters, and leaves a short one', () => {
  assert.equal(eventText('short'), 'short');
  const told = eventText('ä'.repeat(2_000));
  assert.equal(told, `${'ä'.repeat(510)}…`);
});
