import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeTombstone,
  encodeTombstone,
  isTombstoneFileName,
  type Tombstone,
  tombstoneBytesMax,
  tombstoneFileName,
} from './tombstone.ts';

const sha256hex = (text: string): string => createHash('sha256').update(text).digest('hex');
function printable(lengthMax: number): fc.Arbitrary<string> {
  return fc.stringMatching(new RegExp(`^[a-zA-Z0-9./-]{1,${lengthMax}}$`));
}

const tombstone: Tombstone = { containerId: 'abc', ifName: 'eth0', createdMs: 1_700_000_000_000 };

test('tombstoneFileName() tells attachments apart and has nothing of their names in it', () => {
  const name = tombstoneFileName('../../etc', 'passwd', sha256hex);
  assert.match(name, /^[0-9a-f]{64}\.json$/);
  assert.ok(isTombstoneFileName(name));
  assert.notEqual(tombstoneFileName('ab', 'c', sha256hex), tombstoneFileName('a', 'bc', sha256hex));
  assert.ok(!isTombstoneFileName(`.${name}.123`));
});

test('decodeTombstone() reads back what encodeTombstone() wrote, within 4 KiB', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          containerId: printable(64),
          ifName: printable(15),
          createdMs: fc.nat(),
          podNamespace: printable(63),
          podName: printable(253),
          podUid: printable(36),
          network: printable(253),
          netns: printable(1000),
        },
        { requiredKeys: ['containerId', 'ifName', 'createdMs'] },
      ),
      (given) => {
        const encoded = encodeTombstone(given);
        assert.ok(Buffer.byteLength(encoded) <= tombstoneBytesMax);
        assert.deepEqual(decodeTombstone(encoded), { ok: true, tombstone: { ...given } });
      },
    ),
  );
});

test('encodeTombstone() leaves out what may not be stored or does not fit, never the attachment', () => {
  const encoded = encodeTombstone({
    ...tombstone,
    podName: 'a<b',
    podUid: '€'.repeat(128),
    podNamespace: '€'.repeat(253),
    network: '€'.repeat(253),
    netns: '€'.repeat(1024),
  });
  assert.ok(Buffer.byteLength(encoded) <= tombstoneBytesMax);
  const decoded = decodeTombstone(encoded);
  assert.ok(decoded.ok);
  assert.equal(decoded.tombstone.containerId, 'abc');
  assert.equal(decoded.tombstone.podName, undefined);
  assert.equal(decoded.tombstone.netns, undefined);
});

test('decodeTombstone() refuses everything that is not exactly a tombstone', () => {
  const base = { version: 1, ...tombstone };
  for (const text of [
    '',
    'null',
    '[]',
    '{',
    '{}',
    JSON.stringify({ ...base, version: 2 }),
    JSON.stringify({ ...base, version: '1' }),
    JSON.stringify({ ...base, containerId: '' }),
    JSON.stringify({ ...base, containerId: 7 }),
    JSON.stringify({ ...base, ifName: 'a'.repeat(16) }),
    JSON.stringify({ ...base, createdMs: -1 }),
    JSON.stringify({ ...base, createdMs: 1.5 }),
    JSON.stringify({ ...base, createdMs: '1' }),
    JSON.stringify({ ...base, podUid: null }),
    JSON.stringify({ ...base, netns: 'a\u0000' }),
    JSON.stringify({ ...base, more: 1 }),
    `${JSON.stringify(base)}${' '.repeat(tombstoneBytesMax)}`,
  ]) {
    assert.equal(decodeTombstone(text).ok, false, text.slice(0, 80));
  }
});

test('decodeTombstone() throws on no text', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeTombstone(text)));
});
