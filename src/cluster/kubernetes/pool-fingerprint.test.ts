import assert from 'node:assert/strict';
import test from 'node:test';
import { parseMetadata } from './object-metadata.ts';
import { poolFingerprint } from './pool-fingerprint.ts';

const metadata = {
  name: 'a',
  uid: 'u',
  resourceVersion: '1',
  generation: 1,
  labels: { x: '1', y: '2' },
  annotations: { p: 'q' },
};

function fingerprint(changes: Readonly<Record<string, unknown>>): string {
  return poolFingerprint(parseMetadata({ metadata: { ...metadata, ...changes } }));
}

test('poolFingerprint() stays the same when the status is written', () => {
  const fields = [{ manager: 'controller', time: '2026-01-01T00:00:00Z' }];
  assert.equal(fingerprint({ resourceVersion: '2', managedFields: fields }), fingerprint({}));
  assert.equal(fingerprint({ labels: { y: '2', x: '1' } }), fingerprint({}));
});

test('poolFingerprint() changes with everything else', () => {
  const changes = [
    { uid: 'v' },
    { generation: 2 },
    { labels: { x: '1' } },
    { annotations: { p: 'r' } },
    { annotations: {} },
    { deletionTimestamp: '2026-01-01T00:00:00Z' },
  ];
  const seen = new Set(changes.map(fingerprint).concat(fingerprint({})));
  assert.equal(seen.size, changes.length + 1);
});
