import assert from 'node:assert/strict';
import { chooseAddress } from '../../ipam/choose.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  holderOf,
  ip,
  OWNER,
  poolOf,
  refused,
  releaseOf,
  staticClaimantOf,
  wantOf,
} from './fixtures.ts';
import type { ContractExample } from './harness.ts';

const pool = poolOf('v4', ['10.0.0.1-10.0.0.8']);
const next = poolOf('next', ['10.0.1.1-10.0.1.8']);
const want = wantOf('eth0', [pool]);

/** Addresses that an owner keeps while its pods come and go. */
export const staticExamples: Readonly<Record<string, ContractExample>> = {
  'claim() of an owner’s next pod takes its address over': async ({ ledger, clock }) => {
    const first = await claimedRecord(ledger, staticClaimantOf('p1'), want);
    assert.deepEqual(first.owner, OWNER);
    assert.deepEqual(await ledger.release(releaseOf('p1', 'eth0')), [first]);
    assert.deepEqual(await ledger.records({ owner: OWNER }), [{ ...first, holders: [] }]);
    clock.advance(86_400_000);
    const [second] = await claimed(ledger, staticClaimantOf('p2'), [want]);
    assert.deepEqual(second, { want, standing: true, record: { ...first, holders: [holderOf('p2')] } });
  },

  'claim() with takeover `move` makes the former pod’s DEL harmless': async ({ ledger }) => {
    await claimed(ledger, staticClaimantOf('p1'), [want]);
    const moved = await claimedRecord(ledger, staticClaimantOf('p2'), want);
    assert.deepEqual(moved.holders, [holderOf('p2')]);
    assert.deepEqual(await ledger.release(releaseOf('p1', 'eth0')), []);
    assert.deepEqual(await ledger.records({}), [moved]);
  },

  'claim() with takeover `share` keeps the newest beside the one that joins': async ({ ledger }) => {
    await claimed(ledger, staticClaimantOf('p1', 'share'), [want]);
    const both = await claimedRecord(ledger, staticClaimantOf('p2', 'share'), want);
    assert.deepEqual(both.holders, [holderOf('p1'), holderOf('p2')]);
    const third = await claimedRecord(ledger, staticClaimantOf('p3', 'share'), want);
    assert.deepEqual(third.holders, [holderOf('p2'), holderOf('p3')]);
    assert.deepEqual(await ledger.release(releaseOf('p2', 'eth0')), [third]);
    assert.deepEqual(await ledger.records({}), [{ ...third, holders: [holderOf('p3')] }]);
    assert.equal((await ledger.records({ uid: 'p3-uid' })).length, 1);
  },

  'claim() of a pod that holds a record already makes it its owner’s': async ({ ledger }) => {
    const plain = await claimedRecord(ledger, claimantOf('p1'), want);
    const owned = await claimedRecord(ledger, staticClaimantOf('p1'), want);
    assert.deepEqual(owned, { ...plain, owner: OWNER });
    await ledger.release(releaseOf('p1', 'eth0'));
    assert.equal((await ledger.records({ owner: OWNER })).length, 1);
  },

  'claim() gives an owner one address for each NIC': async ({ ledger }) => {
    const wants = [want, wantOf('net1', [pool])];
    const first = await claimed(ledger, staticClaimantOf('p1'), wants);
    const second = await claimed(ledger, staticClaimantOf('p2'), wants);
    assert.deepEqual(
      second.map((it) => it.record.address),
      first.map((it) => it.record.address),
    );
    assert.notEqual(first[0]?.record.address, first[1]?.record.address);
  },

  'claim() takes an owner to its new pools, and frees the address that it leaves': async ({ ledger }) => {
    const [left, other] = await claimed(ledger, staticClaimantOf('p1'), [want, wantOf('net1', [pool])]);
    const moving = { ...wantOf('eth0', [next]), keepPools: new Set(['next']) };
    const impossible = { ...moving, requested: ip('10.0.0.99') };
    const [refusal] = await refused(ledger, staticClaimantOf('p2'), [impossible]);
    assert.equal(refusal?.cause, 'requested-outside');
    assert.equal((await ledger.records({ owner: OWNER })).length, 2);
    const preview = await ledger.preview(staticClaimantOf('p2'), [moving], chooseAddress);
    assert.equal(preview.kind === 'claimable' && preview.addresses[0]?.class, 'free');
    const [moved] = await claimed(ledger, staticClaimantOf('p2'), [moving]);
    assert.ok(left && other && moved);
    assert.equal(moved.record.pool, 'next');
    assert.ok(!moved.standing);
    assert.deepEqual(await ledger.records({ owner: OWNER }), [other.record, moved.record]);
    assert.deepEqual((await ledger.lastHolder(left.record.address))?.last, left.record);
    const again = await claimedRecord(ledger, staticClaimantOf('p3'), moving);
    assert.deepEqual(again, { ...moved.record, holders: [holderOf('p3')] });
  },

  'claim() leaves an owner in a pool that it keeps': async ({ ledger }) => {
    const first = await claimedRecord(ledger, staticClaimantOf('p1'), want);
    const staying = { ...wantOf('eth0', [next]), keepPools: new Set(['v4', 'next']) };
    const second = await claimedRecord(ledger, staticClaimantOf('p2'), staying);
    assert.deepEqual(second, { ...first, holders: [holderOf('p2')] });
  },

  'claim() keeps the address of a pod that has it already, and of one that migrates': async ({ ledger }) => {
    const first = await claimedRecord(ledger, staticClaimantOf('p1', 'share'), want);
    const moving = { ...wantOf('eth0', [next]), keepPools: new Set(['next']) };
    assert.deepEqual(await claimedRecord(ledger, staticClaimantOf('p1', 'share'), moving), first);
    const both = await claimedRecord(ledger, staticClaimantOf('p2', 'share'), moving);
    assert.deepEqual(both, { ...first, holders: [holderOf('p1'), holderOf('p2')] });
    await ledger.release(releaseOf('p1', 'eth0'));
    await ledger.release(releaseOf('p2', 'eth0'));
    const moved = await claimedRecord(ledger, staticClaimantOf('p3', 'share'), moving);
    assert.equal(moved.pool, 'next');
    assert.deepEqual(await ledger.records({ owner: OWNER }), [moved]);
  },

  'claim() of an owner finds its address from another node': async ({ ledger, store, clock }) => {
    const other = await store.open(clock, 'node-2');
    const first = await claimedRecord(ledger, staticClaimantOf('p1'), want);
    const moved = await claimedRecord(other, staticClaimantOf('p2', 'move', 'node-2'), want);
    assert.deepEqual(moved, { ...first, holders: [holderOf('p2', undefined, 'node-2')] });
    assert.deepEqual(await ledger.release(releaseOf('p1', 'eth0')), []);
    const back = await claimedRecord(ledger, staticClaimantOf('p3'), want);
    assert.deepEqual(back, { ...first, holders: [holderOf('p3')] });
    assert.deepEqual(await other.release(releaseOf('p2', 'eth0')), []);
    assert.deepEqual(await other.records({}), [back]);
  },

  'release() by owner frees what no pod uses': async ({ ledger }) => {
    await claimed(ledger, staticClaimantOf('p1'), [want, wantOf('net1', [pool])]);
    const byOwner = { by: 'owner', owner: OWNER } as const;
    assert.deepEqual(await ledger.release(byOwner), []);
    await ledger.release(releaseOf('p1', 'eth0'));
    await ledger.release(releaseOf('p1', 'net1'));
    assert.deepEqual(await ledger.release({ ...byOwner, owner: { ...OWNER, name: 'web-1' } }), []);
    const freed = await ledger.release({ ...byOwner, nic: 'net1' });
    assert.deepEqual(
      freed.map((it) => it.nic),
      ['net1'],
    );
    assert.equal((await ledger.release(byOwner)).length, 1);
    assert.deepEqual(await ledger.records({}), []);
  },

  'release() by record frees an owner’s address, by holder only that use of it': async ({ ledger }) => {
    const record = await claimedRecord(ledger, staticClaimantOf('p1'), want);
    await ledger.release({ by: 'holder', record, holder: holderOf('p1'), suspect: true });
    const kept = { ...record, holders: [] };
    assert.deepEqual(await ledger.records({}), [kept]);
    assert.equal(await ledger.lastHolder(record.address), undefined);
    assert.deepEqual(await ledger.release({ by: 'record', record: kept }), [kept]);
    assert.deepEqual(await ledger.records({}), []);
  },
};
