import assert from 'node:assert/strict';
import { claimantOf, claimed, claimedRecord, holderOf, ip, poolOf, releaseOf, wantOf } from './fixtures.ts';
import type { ContractExample } from './harness.ts';

const v4 = poolOf('v4', ['10.0.0.1-10.0.0.8']);
const v6 = poolOf('v6', ['fd00::1-fd00::8']);

/** What a release frees, and what it leaves alone. */
export const releaseExamples: Readonly<Record<string, ContractExample>> = {
  'release() by attachment frees all families of that NIC, once': async ({ ledger }) => {
    const wants = [wantOf('eth0', [v4]), wantOf('eth0', [v6]), wantOf('net1', [v4])];
    const addresses = await claimed(ledger, claimantOf('a'), wants);
    const records = addresses.map((it) => it.record);
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0')), records.slice(0, 2));
    assert.deepEqual(await ledger.records({}), records.slice(2));
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0')), []);
  },

  'release() by attachment compares the uid only when both sides have one': async ({ ledger }) => {
    await claimed(ledger, claimantOf('a'), [wantOf('eth0', [v4])]);
    const attachment = { by: 'attachment', sandbox: 'a-sandbox', nic: 'eth0' } as const;
    assert.deepEqual(await ledger.release({ ...attachment, uid: 'other-uid' }), []);
    assert.equal((await ledger.release(attachment)).length, 1);
    const withoutPod = { holder: { ...holderOf('box'), uid: 'box-sandbox' }, network: 'net' };
    await claimed(ledger, withoutPod, [wantOf('eth0', [v4])]);
    assert.equal((await ledger.release(releaseOf('box', 'eth0'))).length, 1);
  },

  'release() by attachment frees what was imported for its pod, which has no sandbox': async ({ ledger }) => {
    const imported = { ...holderOf('a'), sandbox: '' };
    const record = await claimedRecord(ledger, { holder: imported, network: 'net' }, wantOf('eth0', [v4]));
    const attachment = { ...releaseOf('a', 'eth0', 'any'), pod: imported.pod };
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0', 'any')), []);
    assert.deepEqual(await ledger.release({ ...attachment, pod: { ...imported.pod, name: 'b' } }), []);
    assert.deepEqual(await ledger.release({ ...attachment, uid: 'next-uid' }), []);
    assert.deepEqual(await ledger.release({ ...attachment, nic: 'net1' }), []);
    assert.deepEqual(await ledger.release(attachment), [record]);
    assert.deepEqual(await ledger.release(attachment), []);
  },

  'release() by a former sandbox changes nothing': async ({ ledger }) => {
    await claimed(ledger, claimantOf('a', 'old'), [wantOf('eth0', [v4])]);
    await claimed(ledger, claimantOf('a', 'new'), [wantOf('eth0', [v4])]);
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0', 'old')), []);
    assert.equal((await ledger.release(releaseOf('a', 'eth0', 'new'))).length, 1);
  },

  'release() of a former pod frees its address while the next of its name lives': async ({ ledger }) => {
    const former = await claimedRecord(ledger, claimantOf('a'), wantOf('eth0', [v4]));
    const holder = { ...holderOf('a', 'a-sandbox-2'), uid: 'a-uid-2' };
    const next = await claimedRecord(ledger, { holder, network: 'net' }, wantOf('eth0', [v4]));
    assert.notEqual(next.address, former.address);
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0')), [former]);
    assert.deepEqual(await ledger.records({}), [next]);
  },

  'release() by record frees it only as it was read': async ({ ledger, clock }) => {
    const read = await claimedRecord(ledger, claimantOf('a', 'old'), wantOf('eth0', [v4]));
    const again = await claimedRecord(ledger, claimantOf('a', 'new'), wantOf('eth0', [v4]));
    assert.deepEqual(await ledger.release({ by: 'record', record: read }), []);
    assert.deepEqual(await ledger.release({ by: 'record', record: again }), [again]);
    clock.advance(1);
    await claimed(ledger, claimantOf('a', 'new'), [wantOf('eth0', [v4], '10.0.0.1')]);
    assert.deepEqual(await ledger.release({ by: 'record', record: again }), []);
    assert.equal((await ledger.records({})).length, 1);
  },

  'release() by holder frees only that address': async ({ ledger }) => {
    const [first, second] = await claimed(ledger, claimantOf('a'), [
      wantOf('eth0', [v4]),
      wantOf('eth0', [v6]),
    ]);
    assert.ok(first && second);
    const condition = { by: 'holder', record: first.record, holder: holderOf('a') } as const;
    assert.deepEqual(await ledger.release({ ...condition, holder: holderOf('a', 'other') }), []);
    assert.deepEqual(await ledger.release({ ...condition, suspect: true }), [first.record]);
    assert.deepEqual(await ledger.records({}), [second.record]);
    assert.equal((await ledger.lastHolder(first.record.address))?.suspect, true);
  },

  'release() and claim() in one turn are done in their order': async ({ ledger }) => {
    const single = poolOf('single', ['10.0.1.1']);
    await claimed(ledger, claimantOf('a'), [wantOf('eth0', [single])]);
    const released = ledger.release(releaseOf('a', 'eth0'));
    const next = claimed(ledger, claimantOf('b'), [wantOf('eth0', [single])]);
    assert.equal((await released).length, 1);
    assert.equal((await next).length, 1);
  },

  'confirm() commits a new sandbox to all records of the pod': async ({ ledger }) => {
    await claimed(ledger, claimantOf('a', 'old'), [wantOf('eth0', [v4]), wantOf('net1', [v6])]);
    await claimed(ledger, claimantOf('b'), [wantOf('eth0', [v4])]);
    const confirmed = await ledger.confirm(holderOf('a', 'new'));
    assert.equal(confirmed.length, 2);
    assert.deepEqual(await ledger.records({ sandbox: 'new' }), confirmed);
    assert.deepEqual(await ledger.records({ sandbox: 'old' }), []);
    assert.deepEqual(await ledger.confirm(holderOf('nobody')), []);
    assert.equal((await ledger.records({ sandbox: 'b-sandbox' })).length, 1);
  },

  'records() filters, and pages in address order': async ({ ledger }) => {
    for (const pod of ['a', 'b', 'c']) {
      await claimed(ledger, claimantOf(pod), [wantOf('eth0', [v4]), wantOf('net1', [v6])]);
    }
    const all = await ledger.records({});
    assert.deepEqual(
      all.map((it) => it.address),
      ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'fd00::2', 'fd00::3'].map(ip),
    );
    const first = await ledger.records({}, { limit: 4 });
    const rest = await ledger.records({}, { limit: 4, after: ip('fd00::1') });
    assert.deepEqual([...first, ...rest], all);
    const count = async (filter: Parameters<typeof ledger.records>[0]): Promise<number> =>
      (await ledger.records(filter)).length;
    assert.equal(await count({ pool: 'v6' }), 3);
    assert.equal(await count({ uid: 'a-uid' }), 2);
    assert.equal(await count({ uid: 'a-uid', sandbox: 'b-sandbox' }), 0);
    assert.equal(await count({ sandbox: 'b-sandbox', nic: 'net1', node: 'node-1', network: 'net' }), 1);
    assert.equal(await count({ network: 'other' }), 0);
    assert.equal(await count({ pod: { namespace: 'default', name: 'b' } }), 2);
    assert.equal(await count({ pod: { namespace: 'other', name: 'b' } }), 0);
    assert.equal(await count({ address: ip('10.0.0.2') }), 1);
    assert.equal(await count({ owner: { kind: 'StatefulSet', namespace: 'default', name: 'a' } }), 0);
  },
};
