import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDnsSubdomain } from '../../src/api/label-syntax.ts';
import { type EventReporter, eventObject, eventText, type ObjectEvent } from './event-object.ts';

const event: ObjectEvent = {
  involved: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'a', uid: 'uid-1' },
  type: 'Warning',
  reason: 'IPAllocationFailed',
  message: 'pool p is exhausted',
  count: 3,
  firstMs: Date.UTC(2026, 0, 1),
  lastMs: Date.UTC(2026, 0, 1, 0, 0, 59, 999),
};
const agent: EventReporter = { component: 'spiderpool-agent', instance: 'node-1', host: 'node-1' };

test('eventObject() tells what happened to which object, since when and how often', () => {
  const { metadata, ...rest } = eventObject(event, agent);
  assert.match(metadata.name, /^a\.[0-9a-f]{16}$/);
  assert.equal(metadata.namespace, 'default');
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

test('eventObject() leaves out a UID that is not known, and a host where there is none', () => {
  const involved = { ...event.involved, uid: '' };
  const object = eventObject({ ...event, involved }, { component: 'c', instance: 'i' });
  assert.equal('uid' in object.involvedObject, false);
  assert.deepEqual(object.source, { component: 'c' });
});

test('eventObject() lies in the namespace default for an object of the whole cluster', () => {
  const object = eventObject({ ...event, involved: { ...event.involved, namespace: '' } }, agent);
  assert.equal(object.metadata.namespace, 'default');
  assert.equal('namespace' in object.involvedObject, false);
});

test('eventObject() has a name that Kubernetes takes, whatever the object is called', () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,200}[a-z0-9])?(\.[a-z0-9]){0,30}$/);
  fc.assert(
    fc.property(name, (objectName) => {
      const { metadata } = eventObject(
        { ...event, involved: { ...event.involved, name: objectName } },
        agent,
      );
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
