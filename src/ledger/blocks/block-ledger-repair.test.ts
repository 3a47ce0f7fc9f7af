import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAddress } from '../../ipam/choose.ts';
import type { PoolRange } from '../../ipam/want.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  poolOf,
  releaseOf,
  staticClaimantOf,
  wantOf,
} from '../contract/fixtures.ts';
import type { AllocationRecord } from '../record.ts';
import type { ReconcileReport } from './repair.ts';
import { blockPath, startBlockCluster } from './testing/block-cluster.ts';

const cluster = await startBlockCluster();
const { proxy } = cluster;
after(async () => cluster[Symbol.asyncDispose]());

const NOTHING: ReconcileReport = { restored: [], conflicts: [], adopted: [], freedDuplicates: [], gone: [] };
const allLive = { isLiving: () => true };
const GENEROUS_MS = 60_000;

let subnets = 0;
/** A pool that no other test uses. */
function freshPool(): PoolRange {
  const subnet = subnets++;
  return poolOf(`pool-${subnet}`, [`10.${subnet}.0.0-10.${subnet}.0.63`]);
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + GENEROUS_MS;
  while (!(await check())) {
    assert.ok(performance.now() < endMs, 'it never came to pass');
    await sleep(50);
  }
}

void describe('BlockLedger.reconcile()', () => {
  void it('reconcile() finds nothing to do where all is well', async () => {
    const { ledger } = await cluster.agent('well');
    const pool = freshPool();
    await claimed(ledger, claimantOf('a', undefined, 'well'), [wantOf('eth0', [pool])]);
    await claimed(ledger, staticClaimantOf('s', 'move', 'well'), [wantOf('eth0', [pool])]);
    await ledger.release(releaseOf('s', 'eth0'));
    assert.equal(ledger.ownRecords().length, 2);
    assert.deepEqual(await ledger.reconcile(allLive), NOTHING);
    assert.equal(ledger.ownRecords().length, 2);
    await ledger.release({
      by: 'owner',
      owner: { kind: 'StatefulSet', namespace: 'default', name: 'web-0' },
    });
    assert.equal(ledger.ownRecords().length, 1);
  });

  void it('reconcile() puts the records of living pods back when their block was deleted', async () => {
    const { ledger } = await cluster.agent('deleted');
    const want = wantOf('eth0', [freshPool()]);
    const [live, dead, kept] = [
      await claimedRecord(ledger, claimantOf('live', undefined, 'deleted'), want),
      await claimedRecord(ledger, claimantOf('dead', undefined, 'deleted'), want),
      await claimedRecord(ledger, staticClaimantOf('s', 'move', 'deleted'), want),
    ];
    await ledger.release(releaseOf('s', 'eth0'));
    await cluster.deleteBlock(live.address);
    const report = await ledger.reconcile({ isLiving: (holder) => holder.pod.name === 'live' });
    const restored = [live, { ...kept, holders: [] }];
    assert.deepEqual(report, { ...NOTHING, restored, gone: [dead] });
    assert.deepEqual(await ledger.records({ pool: live.pool }), restored);
    assert.deepEqual(await ledger.reconcile(allLive), NOTHING);
    assert.deepEqual(await ledger.release(releaseOf('live', 'eth0')), [live]);
    await ledger.release({ by: 'record', record: { ...kept, holders: [] } });
  });

  void it('reconcile() puts a record of a living pod back that somebody has freed, and forgets that of a dead one', async () => {
    const { ledger } = await cluster.agent('freed');
    const controller = await cluster.controller();
    const want = wantOf('eth0', [freshPool()]);
    const live = await claimedRecord(ledger, claimantOf('live', undefined, 'freed'), want);
    const dead = await claimedRecord(ledger, claimantOf('dead', undefined, 'freed'), want);
    for (const record of [live, dead]) {
      assert.deepEqual(await controller.release({ by: 'record', record }), [record]);
    }
    const report = await ledger.reconcile({ isLiving: (holder) => holder.pod.name === 'live' });
    assert.deepEqual(report, { ...NOTHING, restored: [live], gone: [dead] });
    assert.deepEqual(await ledger.records({ pool: live.pool }), [live]);
  });

  void it('reconcile() tells of a living pod whose address stands for another', async () => {
    const { ledger } = await cluster.agent('conflict');
    const other = await cluster.agent('conflict-other');
    const pool = freshPool();
    const mine = await claimedRecord(
      ledger,
      claimantOf('mine', undefined, 'conflict'),
      wantOf('eth0', [pool]),
    );
    await cluster.deleteBlock(mine.address);
    const theirs = await claimedRecord(
      other.ledger,
      claimantOf('theirs', undefined, 'conflict-other'),
      wantOf('eth0', [pool]),
    );
    assert.equal(theirs.address, mine.address);
    const report = await ledger.reconcile(allLive);
    assert.deepEqual(report, { ...NOTHING, conflicts: [{ mine, other: theirs }] });
    assert.deepEqual(ledger.ownRecords(), []);
    assert.deepEqual(await ledger.release(releaseOf('mine', 'eth0')), []);
    assert.deepEqual(await ledger.records({ pool: pool.name }), [theirs]);
  });

  void it('reconcile() adopts what was committed late, and frees it when its pod was answered otherwise', async () => {
    const pool = freshPool();
    const want = wantOf('eth0', [pool]);
    const first = await cluster.agent('late', { closeWithinMs: 0 });
    const seed = await claimedRecord(first.ledger, claimantOf('seed', undefined, 'late'), want);
    const rule = proxy.inject({
      method: 'PATCH',
      path: blockPath(seed.address),
      times: 1,
      fault: { kind: 'commit-late', delayMs: 1500 },
    });
    const lost = [
      first.ledger.claim(claimantOf('asked-again', undefined, 'late'), [want], chooseAddress),
      first.ledger.claim(claimantOf('not-asked-again', undefined, 'late'), [want], chooseAddress),
    ].map(async (claim) => assert.rejects(claim, { code: 'LEDGER_CLOSED' }));
    await eventually(async () => rule.hits === 1);
    await first.crash();
    await Promise.all(lost);
    const { ledger } = await cluster.agent('late');
    const pools = { ...pool, eligible: poolOf('x', ['10.250.0.0-10.250.0.63']).eligible };
    const elsewhere = wantOf('eth0', [pools]);
    const answered = await claimedRecord(ledger, claimantOf('asked-again', undefined, 'late'), elsewhere);
    await eventually(async () => (await ledger.records({ pool: pool.name })).length === 4);
    const report = await ledger.reconcile(allLive);
    assert.deepEqual(podsOf(report.adopted), ['not-asked-again']);
    assert.deepEqual(podsOf(report.freedDuplicates), ['asked-again']);
    assert.deepEqual(await ledger.records({ uid: 'asked-again-uid' }), [answered]);
    assert.deepEqual(podsOf(ledger.ownRecords()), ['asked-again', 'not-asked-again', 'seed']);
    assert.deepEqual(await ledger.reconcile(allLive), NOTHING);
  });

  void it('reconcile() finds the records of a block that has lost its node’s label', async () => {
    const { ledger } = await cluster.agent('label');
    const pool = freshPool();
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'label'), wantOf('eth0', [pool]));
    const before = (await cluster.block(record.address))?.metadata.labels ?? {};
    const key = Object.keys(before).find((label) => label.startsWith('node.')) ?? '';
    const path = `/metadata/labels/${key.replaceAll('/', '~1')}`;
    await cluster.patch(record.address, [{ op: 'remove', path }]);
    assert.deepEqual(await ledger.reconcile(allLive), NOTHING);
    assert.deepEqual((await cluster.block(record.address))?.metadata.labels, before);
    assert.deepEqual((await cluster.agent('label')).ledger.ownRecords(), [record]);
  });

  void it('reconcile() removes labels that no record explains any more', async () => {
    const { ledger } = await cluster.agent('tidy');
    const other = await cluster.agent('tidy-other');
    const want = wantOf('eth0', [freshPool()]);
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'tidy'), want);
    await claimed(other.ledger, staticClaimantOf('s', 'move', 'tidy-other'), [want]);
    const labels = async (): Promise<string[]> =>
      Object.keys((await cluster.block(record.address))?.metadata.labels ?? {}).sort();
    const both = await labels();
    assert.equal(both.length, 5);
    await ledger.release(releaseOf('a', 'eth0'));
    assert.deepEqual(await labels(), both, 'a release leaves them');
    await ledger.reconcile(allLive);
    const left = await labels();
    assert.equal(left.length, 4);
    const [owned] = other.ledger.ownRecords();
    assert.ok(owned);
    await other.ledger.release({ by: 'record', record: owned });
    await other.ledger.reconcile(allLive);
    assert.deepEqual(
      (await labels()).map((key) => key.split('.')[0]),
      ['ipam', 'subnet'],
    );
  });

  void it('reconcile() follows what somebody else has changed, and leaves what is under way alone', async () => {
    const { ledger } = await cluster.agent('follow');
    const pool = freshPool();
    const want = wantOf('eth0', [pool]);
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'follow'), want);
    const slot = await cluster.slot(record.address);
    await cluster.writeSlot(record.address, { ...slot, network: 'other', note: 'kept' });
    const cut = proxy.inject({
      method: 'PATCH',
      path: blockPath(record.address),
      fault: { kind: 'cut-after' },
    });
    const claim = claimedRecord(ledger, claimantOf('b', undefined, 'follow'), want);
    await eventually(async () => cut.hits > 0);
    assert.deepEqual(await ledger.reconcile(allLive), NOTHING);
    assert.deepEqual(ledger.ownRecords(), [{ ...record, network: 'other' }]);
    cut.remove();
    const second = await claim;
    assert.deepEqual(ledger.ownRecords(), [{ ...record, network: 'other' }, second]);
    await ledger.confirm({ ...claimantOf('a', 'next', 'follow').holder });
    assert.equal((await cluster.slot(record.address))['note'], 'kept');
  });
});

void describe('BlockLedger.claim() of what was deleted', () => {
  void it('claim() asked again puts the record back whose block was deleted', async () => {
    const { ledger } = await cluster.agent('again');
    const pool = freshPool();
    const want = wantOf('eth0', [pool]);
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'again'), want);
    await cluster.deleteBlock(record.address);
    assert.deepEqual(await claimedRecord(ledger, claimantOf('a', undefined, 'again'), want), record);
    assert.deepEqual(await ledger.records({ pool: pool.name }), [record]);
    await cluster.deleteBlock(record.address);
    const renewed = await claimedRecord(ledger, claimantOf('a', 'new', 'again'), want);
    assert.equal(renewed.address, record.address);
    assert.deepEqual(await ledger.records({ pool: pool.name }), [renewed]);
  });

  void it('claim() asked again takes another address when its own was freed and given away', async () => {
    const { ledger } = await cluster.agent('away');
    const other = await cluster.agent('away-other');
    const pool = freshPool();
    const want = wantOf('eth0', [pool]);
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'away'), want);
    await (await cluster.controller()).release({ by: 'record', record });
    const requested = { ...want, requested: record.address };
    const theirs = await claimedRecord(other.ledger, claimantOf('b', undefined, 'away-other'), requested);
    const next = await claimedRecord(ledger, claimantOf('a', undefined, 'away'), want);
    assert.notEqual(next.address, record.address);
    assert.deepEqual(await ledger.records({ pool: pool.name }), [theirs, next]);
  });

  void it('release() of a record whose block was deleted changes nothing', async () => {
    const { ledger } = await cluster.agent('gone');
    const record = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'gone'),
      wantOf('eth0', [freshPool()]),
    );
    await cluster.deleteBlock(record.address);
    assert.deepEqual(await ledger.release(releaseOf('a', 'eth0')), []);
    assert.deepEqual(ledger.ownRecords(), []);
    assert.equal(await cluster.block(record.address), undefined);
  });
});

function podsOf(records: readonly AllocationRecord[]): (string | undefined)[] {
  return records.map((record) => record.holders[0]?.pod.name).toSorted(byText);
}

function byText(a: string | undefined, b: string | undefined): number {
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
