import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { AllocatedIp } from '../api/allocated-ips.ts';
import { familyOf, formatAddress } from '../ip/address.ts';
import { decodeSlot, encodeRecord } from '../ledger/blocks/slot.ts';
import { countKey, type LivePod, type OriginalEndpoint, type OriginalFacts } from './original-facts.ts';
import { planEntry } from './plan-entry.ts';
import { isUnknownNic, planRecord, unknownNode } from './plan-record.ts';

const nowMs = Date.UTC(2026, 0, 2);
const names = fc.constantFrom('a', 'b-0', 'b-1', 'vm');
const uids = fc.constantFrom('u1', 'u2', 'u3');
const addresses = fc.constantFrom(1, 2, 3, 4, 5n, 6n);

const entries: fc.Arbitrary<readonly AllocatedIp[]> = fc.uniqueArray(
  fc.record(
    { address: addresses, pod: names.map((name) => `default/${name}`), podUid: uids },
    { noNullPrototype: true },
  ),
  { selector: ({ address }) => address },
);
const endpoint: fc.Arbitrary<OriginalEndpoint> = fc.record({
  uid: uids,
  node: fc.constantFrom('node-a', ''),
  nics: fc.uniqueArray(
    fc.record({
      nic: fc.constantFrom('eth0', 'net1', 'net2'),
      addresses: fc
        .uniqueArray(addresses, { maxLength: 2, selector: familyOf })
        .map((list) => list.map(formatAddress)),
    }),
    { selector: ({ nic }) => nic },
  ),
  owner: fc.option(
    names.map((name) => ({ kind: 'StatefulSet', namespace: 'default', name })),
    { nil: undefined },
  ),
});
const facts: fc.Arbitrary<OriginalFacts> = fc.record({
  endpoints: fc
    .dictionary(names, endpoint)
    .map((byName) => new Map(Object.entries(byName).map(([name, one]) => [`default/${name}`, one]))),
  podsByUid: fc.uniqueArray(uids).map((list) => new Map(list.map((uid) => [uid, livePod(uid)]))),
  counts: fc.constant(new Map<string, number>()),
});

function livePod(uid: string): LivePod {
  return {
    namespace: 'default',
    name: `pod-${uid}`,
    uid,
    node: 'node-b',
    isFinished: false,
    furtherNics: undefined,
  };
}

function withCounts(known: OriginalFacts, list: readonly AllocatedIp[]): OriginalFacts {
  const counts = new Map<string, number>();
  for (const { address, podUid } of list) {
    const key = countKey(podUid, familyOf(address));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return { ...known, counts };
}

describe('planRecord()', () => {
  test('planRecord() makes of every entry a record that a block can hold', () => {
    fc.assert(
      fc.property(entries, facts, (list, known) => {
        for (const entry of list) {
          const { record, keptOn } = planRecord(entry, 'p', withCounts(known, list), nowMs);
          assert.equal(record.address, entry.address);
          const slot = decodeSlot(record.address, encodeRecord(record, undefined, keptOn));
          assert.deepEqual(slot, { kind: 'record', record, keptOn });
        }
      }),
    );
  });

  test('planRecord() gives no NIC of a pod two addresses of a family unless its endpoint does', () => {
    fc.assert(
      fc.property(entries, facts, (list, known) => {
        const bare = withCounts({ ...known, endpoints: new Map() }, list);
        const uses = list.map((entry) => {
          const { nic } = planRecord(entry, 'p', bare, nowMs).record;
          return `${entry.podUid} ${nic} ${familyOf(entry.address)}`;
        });
        assert.equal(new Set(uses).size, uses.length);
      }),
    );
  });

  test('planRecord() is undone by planEntry() for pods that live under their name', () => {
    fc.assert(
      fc.property(entries, facts, (list, known) => {
        for (const entry of list) {
          const pod = { ...livePod(entry.podUid), name: entry.pod.slice('default/'.length) };
          const live = { ...known, podsByUid: new Map([[entry.podUid, pod]]) };
          const planned = planRecord(entry, 'p', live, nowMs);
          const { address, pod: name, podUid } = planEntry(planned, live);
          assert.deepEqual({ address, pod: name, podUid }, entry);
        }
      }),
    );
  });

  test('planRecord() knows no node where nothing tells one, and says that a pod does not exist', () => {
    const none: OriginalFacts = { endpoints: new Map(), podsByUid: new Map(), counts: new Map() };
    const { record, notes } = planRecord({ address: 1, pod: 'default/a', podUid: 'u' }, 'p', none, nowMs);
    assert.equal(record.holders[0]?.node, unknownNode);
    assert.deepEqual(notes, ['its pod default/a does not exist']);
  });

  test('planRecord() keeps an address whose pod can not be read, under a NIC that none has', () => {
    const none: OriginalFacts = { endpoints: new Map(), podsByUid: new Map(), counts: new Map() };
    const { record } = planRecord({ address: 1, pod: '', podUid: '' }, 'p', none, nowMs);
    assert.ok(isUnknownNic(record.nic));
    assert.deepEqual(record.holders[0]?.pod, { namespace: '', name: '' });
  });

  test('planRecord() records an address that two NICs share once, and tells it', () => {
    const nics = ['eth0', 'net1'].map((nic) => ({ nic, addresses: ['0.0.0.1'] }));
    const known: OriginalFacts = {
      endpoints: new Map([['default/a', { uid: 'u1', node: 'node-a', nics, owner: undefined }]]),
      podsByUid: new Map([['u1', livePod('u1')]]),
      counts: new Map(),
    };
    const { record, notes } = planRecord({ address: 1, pod: 'default/a', podUid: 'u1' }, 'p', known, nowMs);
    assert.equal(record.nic, 'eth0');
    assert.deepEqual(notes, ['the NICs eth0, net1 of pod default/a share it: it is recorded for eth0 alone']);
  });
});
