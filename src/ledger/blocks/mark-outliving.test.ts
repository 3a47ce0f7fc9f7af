import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { PoolRange } from '../../ipam/want.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  holderOf,
  poolOf,
  releaseOf,
  staticClaimantOf,
  wantOf,
} from '../contract/fixtures.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import { blockPath, startBlockCluster } from './testing/block-cluster.ts';

const cluster = await startBlockCluster();
const { proxy } = cluster;
after(async () => cluster[Symbol.asyncDispose]());

let subnets = 0;
/** A pool that no other test uses. */
function freshPool(): PoolRange {
  const subnet = subnets++;
  return poolOf(`pool-${subnet}`, [`10.${subnet}.0.0-10.${subnet}.0.63`]);
}

function holderIn(record: AllocationRecord): Holder {
  const [holder] = record.holders;
  assert.ok(holder);
  return holder;
}

function marked(record: AllocationRecord): AllocationRecord {
  return { ...record, holders: record.holders.map((holder) => ({ ...holder, outlivesPod: true })) };
}

function patchesOf({ address }: AllocationRecord): number {
  return proxy.countRequests('PATCH', blockPath(address));
}

void describe('BlockLedger.markOutliving()', () => {
  void it('markOutliving() writes the mark once, and every reader finds it', async () => {
    const { ledger } = await cluster.agent('once');
    const record = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'once'),
      wantOf('eth0', [freshPool()]),
    );
    assert.deepEqual(await ledger.markOutliving(record, holderIn(record)), marked(record));
    assert.deepEqual(await ledger.markOutliving(record, holderIn(record)), marked(record));
    assert.equal(patchesOf(record), 1);
    assert.deepEqual(ledger.ownRecords(), [marked(record)]);
    const reader = await cluster.agent('once-reader');
    assert.deepEqual(await reader.ledger.records({ address: record.address }), [marked(record)]);
    const [holder] = (await cluster.slot(record.address))['holders'] as Record<string, unknown>[];
    assert.equal(holder?.['outlives'], true);
  });

  void it('markOutliving() marks no holder that has changed since, and no other allocation', async () => {
    const { ledger } = await cluster.agent('changed');
    const want = wantOf('eth0', [freshPool()]);
    const record = await claimedRecord(ledger, claimantOf('a', 'old', 'changed'), want);
    const renewed = await claimedRecord(ledger, claimantOf('a', 'new', 'changed'), want);
    assert.equal(await ledger.markOutliving(record, holderIn(record)), undefined);
    assert.deepEqual(await ledger.records({ address: record.address }), [renewed]);
    assert.equal(
      await ledger.markOutliving({ ...renewed, sinceMs: renewed.sinceMs + 1 }, holderIn(renewed)),
      undefined,
    );
    await ledger.release(releaseOf('a', 'eth0', 'new'));
    assert.equal(await ledger.markOutliving(renewed, holderIn(renewed)), undefined);
  });

  void it('markOutliving() marks a record that somebody else has changed without changing its holder', async () => {
    const { ledger } = await cluster.agent('beside');
    const record = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'beside'),
      wantOf('eth0', [freshPool()]),
    );
    await cluster.writeSlot(record.address, { ...(await cluster.slot(record.address)), network: 'renamed' });
    const renamed = { ...record, network: 'renamed' };
    assert.deepEqual(await ledger.markOutliving(record, holderIn(record)), marked(renamed));
  });

  void it('markOutliving() keeps its mark over lost answers', async () => {
    const { ledger } = await cluster.agent('lost');
    const record = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'lost'),
      wantOf('eth0', [freshPool()]),
    );
    const rule = proxy.inject({
      method: 'PATCH',
      path: blockPath(record.address),
      times: 1,
      fault: { kind: 'cut-after' },
    });
    assert.deepEqual(await ledger.markOutliving(record, holderIn(record)), marked(record));
    assert.equal(rule.hits, 1);
  });
});

void describe('a holder that is marked as outliving its pod', () => {
  void it('is released by conditions that were read without the mark, and by such with it', async () => {
    const { ledger } = await cluster.agent('released');
    const want = wantOf('eth0', [freshPool()]);
    const claim = async (pod: string): Promise<AllocationRecord> =>
      claimedRecord(ledger, claimantOf(pod, undefined, 'released'), want);
    for (const [pod, release] of [
      ['attachment', () => releaseOf('attachment', 'eth0')],
      ['holder', (record: AllocationRecord) => ({ by: 'holder', record, holder: holderIn(record) }) as const],
      ['record', (record: AllocationRecord) => ({ by: 'record', record }) as const],
    ] as const) {
      const read = await claim(pod);
      const written = await ledger.markOutliving(read, holderIn(read));
      assert.ok(written);
      assert.deepEqual(await ledger.release(release(read)), [written], pod);
      const next = await claim(`${pod}-next`);
      const condition = { by: 'holder', record: marked(next), holder: holderIn(marked(next)) } as const;
      assert.deepEqual(
        await ledger.release(condition),
        [next],
        'read with a mark that is not there any more',
      );
    }
  });

  void it('is not freed as suspect by who has not read the mark, but by who has', async () => {
    const { ledger } = await cluster.agent('suspect');
    const controller = await cluster.controller();
    const read = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'suspect'),
      wantOf('eth0', [freshPool()]),
    );
    const written = await ledger.markOutliving(read, holderIn(read));
    assert.ok(written);
    const suspect = true;
    for (const condition of [
      { by: 'holder', record: read, holder: holderIn(read), suspect },
      { by: 'record', record: read, suspect },
    ] as const) {
      assert.deepEqual(await controller.release(condition), []);
    }
    assert.deepEqual(await controller.records({ address: read.address }), [written]);
    const condition = { by: 'holder', record: written, holder: holderIn(written), suspect } as const;
    assert.deepEqual(await controller.release(condition), [written]);
    assert.deepEqual((await controller.lastHolder(read.address))?.last, written);
  });

  void it('keeps its mark when another pod joins it, and loses it with its sandbox', async () => {
    const { ledger } = await cluster.agent('joined');
    const want = wantOf('eth0', [freshPool()]);
    const source = await claimedRecord(ledger, staticClaimantOf('source', 'share', 'joined'), want);
    await ledger.markOutliving(source, holderIn(source));
    const target = await claimedRecord(ledger, staticClaimantOf('target', 'share', 'joined'), want);
    assert.deepEqual(target.holders, [
      { ...holderIn(source), outlivesPod: true },
      holderOf('target', undefined, 'joined'),
    ]);
    const [renewed] = await ledger.confirm(holderOf('source', 'another-sandbox', 'joined'));
    assert.deepEqual(renewed?.holders, [
      holderOf('source', 'another-sandbox', 'joined'),
      holderOf('target', undefined, 'joined'),
    ]);
  });

  void it('loses its mark when its very sandbox is added again', async () => {
    const { ledger } = await cluster.agent('again');
    const want = wantOf('eth0', [freshPool()]);
    const record = await claimedRecord(ledger, claimantOf('a', undefined, 'again'), want);
    await ledger.markOutliving(record, holderIn(record));
    const [address] = await claimed(ledger, claimantOf('a', undefined, 'again'), [want]);
    assert.deepEqual(address?.record, record);
    assert.deepEqual(await ledger.records({ address: record.address }), [record]);
  });

  void it('is put back with its mark by reconcile()', async () => {
    const { ledger } = await cluster.agent('repaired');
    const record = await claimedRecord(
      ledger,
      claimantOf('a', undefined, 'repaired'),
      wantOf('eth0', [freshPool()]),
    );
    await ledger.markOutliving(record, holderIn(record));
    await cluster.deleteBlock(record.address);
    const { restored } = await ledger.reconcile({ isLiving: () => true });
    assert.deepEqual(restored, [marked(record)]);
    assert.deepEqual(await ledger.records({ address: record.address }), [marked(record)]);
  });
});
