import assert from 'node:assert/strict';
import { formatAddress } from '../../ip/address.ts';
import { chooseAddress, SUSPECT_REST_MS } from '../../ipam/choose.ts';
import type { Ledger } from '../ledger.ts';
import { claimantOf, claimedRecord, ip, poolOf, refused, releaseOf, START_MS, wantOf } from './fixtures.ts';
import type { ContractExample } from './harness.ts';

const pair = poolOf('pair', ['10.0.0.1-10.0.0.2']);
const want = wantOf('eth0', [pair]);

async function addressOf(ledger: Ledger, pod: string, of = want, node?: string): Promise<string> {
  return formatAddress((await claimedRecord(ledger, claimantOf(pod, undefined, node), of)).address);
}

/** When a released address is given again. */
export const reuseExamples: Readonly<Record<string, ContractExample>> = {
  'claim() lets a released address rest while another is free': async ({ ledger, clock }) => {
    assert.equal(await addressOf(ledger, 'a'), '10.0.0.1');
    await ledger.release(releaseOf('a', 'eth0'));
    assert.equal(await addressOf(ledger, 'b'), '10.0.0.2');
    await ledger.release(releaseOf('b', 'eth0'));
    clock.advance(30_000);
    assert.equal((await ledger.usage([pair]))[0]?.free, 2n);
    assert.equal(await addressOf(ledger, 'c'), '10.0.0.1');
  },

  'claim() takes a cooling address rather than to fail or to leave the pool': async ({ ledger }) => {
    const single = poolOf('single', ['10.0.1.1']);
    await addressOf(ledger, 'a', wantOf('eth0', [single]));
    await ledger.release(releaseOf('a', 'eth0'));
    const preview = await ledger.preview(claimantOf('b'), [wantOf('eth0', [single, pair])], chooseAddress);
    assert.equal(preview.kind === 'claimable' && preview.addresses[0]?.class, 'cooling');
    assert.equal(await addressOf(ledger, 'b', wantOf('eth0', [single, pair])), '10.0.1.1');
  },

  'claim() gives a requested address that cools': async ({ ledger }) => {
    await addressOf(ledger, 'a');
    await ledger.release(releaseOf('a', 'eth0'));
    assert.equal(await addressOf(ledger, 'b', wantOf('eth0', [pair], '10.0.0.1')), '10.0.0.1');
  },

  'claim() knows what cools after a restart': async ({ ledger, store, clock }) => {
    await addressOf(ledger, 'a');
    await ledger.release(releaseOf('a', 'eth0'));
    await store.crash(ledger);
    const reopened = await store.open(clock);
    const usage = { pool: 'pair', allocated: 0, outside: 0, cooling: 1, suspect: 0, free: 1n };
    assert.deepEqual(await reopened.usage([pair]), [usage]);
    assert.equal(await addressOf(reopened, 'b'), '10.0.0.2');
  },

  'claim() takes a release in the future of its clock for one of now': async ({ ledger, store, clock }) => {
    await addressOf(ledger, 'a');
    await ledger.release(releaseOf('a', 'eth0'));
    clock.advance(-3_600_000);
    assert.equal((await ledger.usage([pair]))[0]?.cooling, 1);
    const other = await store.open(clock, 'node-2');
    assert.equal((await other.usage([pair]))[0]?.cooling, 1);
    assert.equal(await addressOf(other, 'b', want, 'node-2'), '10.0.0.2');
  },

  'claim() uses a suspect address last and not before it has rested': async ({ ledger, clock }) => {
    const single = poolOf('single', ['10.0.1.1']);
    const onlySingle = wantOf('eth0', [single]);
    const record = await claimedRecord(ledger, claimantOf('a'), onlySingle);
    await ledger.release({ by: 'record', record, suspect: true });
    clock.advance(SUSPECT_REST_MS - 1);
    const [reason] = await refused(ledger, claimantOf('b'), [onlySingle]);
    assert.ok(reason?.cause === 'exhausted');
    assert.equal(reason.pools[0]?.suspect, 1);
    const requested = wantOf('eth0', [single], '10.0.1.1');
    const [taken] = await refused(ledger, claimantOf('b'), [requested]);
    assert.deepEqual(taken, { cause: 'requested-taken', want: requested, by: record });
    clock.advance(1);
    assert.equal(await addressOf(ledger, 'b', wantOf('eth0', [single, pair])), '10.0.0.1');
    assert.equal(await addressOf(ledger, 'c', onlySingle), '10.0.1.1');
  },

  'claim() forgets the mark of a suspect address in the end': async ({ ledger, clock }) => {
    const record = await claimedRecord(ledger, claimantOf('a'), want);
    await ledger.release({ by: 'record', record, suspect: true });
    clock.advance(2 * SUSPECT_REST_MS);
    const usage = { pool: 'pair', allocated: 0, outside: 0, cooling: 0, suspect: 0, free: 2n };
    assert.deepEqual(await ledger.usage([pair]), [usage]);
  },

  'claim() reuses at once in a pool without a delay': async ({ ledger }) => {
    const eager = poolOf('eager', ['10.0.2.1-10.0.2.2'], 0);
    assert.equal(await addressOf(ledger, 'a', wantOf('eth0', [eager])), '10.0.2.1');
    await ledger.release(releaseOf('a', 'eth0'));
    assert.equal(await addressOf(ledger, 'b', wantOf('eth0', [eager])), '10.0.2.1');
  },

  'lastHolder() tells who had an address until it is given again': async ({ ledger, store, clock }) => {
    assert.equal(await ledger.lastHolder(ip('10.0.0.1')), undefined);
    const holder = {
      ...claimantOf('a').holder,
      netns: { path: '/run/netns/a', device: 4n, inode: 2n ** 63n },
    };
    const record = await claimedRecord(ledger, { holder, network: 'net' }, want);
    clock.advance(5);
    await ledger.release(releaseOf('a', 'eth0'));
    const trace = { last: record, freedMs: START_MS + 5, suspect: false };
    assert.deepEqual(await ledger.lastHolder(record.address), trace);
    assert.deepEqual(await (await store.open(clock, 'node-2')).lastHolder(record.address), trace);
    await claimedRecord(ledger, claimantOf('b'), wantOf('eth0', [pair], '10.0.0.1'));
    assert.equal(await ledger.lastHolder(record.address), undefined);
  },
};
