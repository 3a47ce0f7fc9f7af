import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ip } from '../contract/fixtures.ts';
import type { AllocationRecord } from '../record.ts';
import { decodeSlot, encodeFreed, encodeRecord, type RawSlot } from './slot.ts';
import { recordArb } from './testing/record-arbitraries.ts';

const address = ip('10.0.0.1');

/** As it comes back from the API server. */
function stored(raw: RawSlot): RawSlot {
  return JSON.parse(JSON.stringify(raw)) as RawSlot;
}

function recordOf(raw: unknown): AllocationRecord | undefined {
  const slot = decodeSlot(address, raw);
  return slot.kind === 'record' ? slot.record : undefined;
}

void describe('decodeSlot()', () => {
  void it('decodeSlot() undoes encodeRecord() and encodeFreed()', () => {
    fc.assert(
      fc.property(recordArb(address), fc.nat(4_000_000_000_000), fc.boolean(), (record, freedMs, suspect) => {
        const raw = stored(encodeRecord(record, undefined, 'node-1'));
        const slot = decodeSlot(address, raw);
        const keptOn = record.holders.length === 0 ? 'node-1' : undefined;
        assert.deepEqual(slot, { kind: 'record', record, keptOn });
        const freed = decodeSlot(address, stored(encodeFreed(raw, freedMs, suspect)));
        assert.deepEqual(freed, { kind: 'freed', released: { last: record, freedMs, suspect } });
      }),
    );
  });

  void it('encodeRecord() keeps unknown fields of the record and of its holders', () => {
    fc.assert(
      fc.property(recordArb(address), recordArb(address), (record, next) => {
        const raw = stored(encodeRecord(record));
        const holders = record.holders.map((_, i) => ({
          ...(raw['holders'] as RawSlot[])[i],
          note: `of ${i}`,
        }));
        const written = { ...raw, holders, newer: { field: [1] } };
        const same = stored(encodeRecord({ ...record, network: 'changed' }, written));
        assert.deepEqual(same['newer'], { field: [1] });
        const notes = (same['holders'] as RawSlot[]).map((holder) => holder['note']);
        assert.equal(notes.length, record.holders.length);
        assert.ok(notes.every((note) => note !== undefined));
        assert.deepEqual(recordOf(encodeRecord(next, written)), next);
        assert.deepEqual(encodeFreed(written, 0, false)['last'], written);
      }),
    );
  });

  void it('encodeRecord() writes a holder that stays the same as it stood', () => {
    fc.assert(
      fc.property(recordArb(address), (record) => {
        const raw = stored(encodeRecord(record));
        const holders = (raw['holders'] as RawSlot[]).map((holder) => ({
          ...holder,
          ...(holder['netns'] !== undefined && { netns: { ...(holder['netns'] as RawSlot), newer: 1 } }),
        }));
        const renamed = encodeRecord({ ...record, network: 'changed' }, { ...raw, holders });
        assert.deepEqual(stored(renamed)['holders'], holders);
      }),
    );
  });

  void it('encodeRecord() drops the mark of a holder that outlives its pod when its record is written without it', () => {
    fc.assert(
      fc.property(recordArb(address), (record) => {
        const holders = record.holders.map(({ outlivesPod: _outlives, ...holder }) => holder);
        const marks = holders.map((holder) => ({ ...holder, outlivesPod: true as const }));
        const raw = stored(encodeRecord({ ...record, holders: marks }));
        assert.deepEqual(recordOf(raw), { ...record, holders: marks });
        const unmarked = { ...record, holders };
        assert.deepEqual(recordOf(stored(encodeRecord(unmarked, raw))), unmarked);
      }),
    );
  });

  void it('decodeSlot() knows what was never used', () => {
    assert.deepEqual(decodeSlot(address, {}), { kind: 'unused' });
  });

  void it('decodeSlot() never throws, and takes what it does not understand for taken', () => {
    fc.assert(
      fc.property(fc.anything(), (raw) => {
        const { kind } = decodeSlot(address, raw);
        const isEmpty =
          typeof raw === 'object' && raw !== null && !Array.isArray(raw) && Object.keys(raw).length === 0;
        assert.equal(kind, isEmpty ? 'unused' : 'unreadable');
      }),
    );
  });

  void it('decodeSlot() does not read a record that lacks or garbles a field', () => {
    const record: AllocationRecord = {
      address,
      pool: 'p',
      network: 'n',
      nic: 'eth0',
      sinceMs: 0,
      holders: [{ uid: 'u', sandbox: 's', node: 'n', pod: { namespace: 'a', name: 'b' } }],
    };
    const raw = encodeRecord(record);
    for (const field of ['pool', 'network', 'nic', 'since', 'holders']) {
      assert.equal(decodeSlot(address, { ...raw, [field]: undefined }).kind, 'unreadable', field);
      assert.equal(decodeSlot(address, { ...raw, [field]: 7 }).kind, 'unreadable', field);
    }
    assert.equal(decodeSlot(address, { ...raw, holders: [] }).kind, 'unreadable', 'nobody has it');
    const [holder] = raw['holders'] as RawSlot[];
    for (const broken of [{ pod: 'b' }, { uid: null }, { netns: {} }, { netns: { path: '', inode: '-1' } }]) {
      assert.equal(decodeSlot(address, { ...raw, holders: [{ ...holder, ...broken }] }).kind, 'unreadable');
    }
    assert.equal(decodeSlot(address, { ...raw, since: '2024-13-01T00:00:00Z' }).kind, 'unreadable');
    assert.equal(decodeSlot(address, { freed: '2024-01-01T00:00:00Z', last: {} }).kind, 'unreadable');
  });
});
