import assert from 'node:assert/strict';
import { formatAddress } from '../../ip/address.ts';
import { chooseAddress } from '../../ipam/choose.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  holderOf,
  ip,
  poolOf,
  refused,
  releaseOf,
  START_MS,
  wantOf,
} from './fixtures.ts';
import type { ContractExample } from './harness.ts';

const v4 = poolOf('v4', ['10.0.0.1-10.0.0.8']);
const v6 = poolOf('v6', ['fd00::1-fd00::8']);
const single = poolOf('single', ['10.0.1.1']);

/** What a claim gives, and when it gives nothing. */
export const claimExamples: Readonly<Record<string, ContractExample>> = {
  'claim() serves all wants in their order, durably': async ({ ledger, store, clock }) => {
    const holder = {
      ...holderOf('a'),
      netns: { path: '/run/netns/a', device: 4n, inode: 2n ** 64n - 1n, bootId: 'boot' },
    };
    const wants = [wantOf('eth0', [v6]), wantOf('eth0', [v4])];
    const addresses = await claimed(ledger, { holder, network: 'net' }, wants);
    const record = { network: 'net', nic: 'eth0', sinceMs: START_MS, holders: [holder] };
    const expected = [
      { address: ip('fd00::1'), pool: 'v6', ...record },
      { address: ip('10.0.0.1'), pool: 'v4', ...record },
    ];
    assert.deepEqual(
      addresses.map((it) => it.record),
      expected,
    );
    assert.ok(addresses.every((it) => !it.standing));
    await store.crash(ledger);
    const reopened = await store.open(clock);
    assert.deepEqual(await reopened.records({}), expected.toReversed());
  },

  'claim() asked again gives what stands': async ({ ledger, store, clock }) => {
    const wants = [wantOf('eth0', [v4]), wantOf('eth0', [v6])];
    const first = await claimed(ledger, claimantOf('a'), wants);
    const again = await claimed(ledger, claimantOf('a'), wants);
    await store.crash(ledger);
    const restarted = await store.open(clock);
    const afterRestart = await claimed(restarted, claimantOf('a'), wants);
    for (const answer of [again, afterRestart]) {
      assert.deepEqual(
        answer.map((it) => it.record),
        first.map((it) => it.record),
      );
      assert.ok(answer.every((it) => it.standing));
    }
    assert.equal((await restarted.records({})).length, 2);
  },

  'claim() gives two NICs on one pool two addresses': async ({ ledger }) => {
    const addresses = await claimed(ledger, claimantOf('a'), [wantOf('eth0', [v4]), wantOf('net1', [v4])]);
    assert.notEqual(addresses[0]?.record.address, addresses[1]?.record.address);
  },

  'claim() serves one NIC and family that is wanted twice with one address': async ({ ledger }) => {
    const addresses = await claimed(ledger, claimantOf('a'), [wantOf('eth0', [v4]), wantOf('eth0', [v4])]);
    assert.equal(addresses[0]?.record.address, addresses[1]?.record.address);
    assert.equal((await ledger.records({})).length, 1);
  },

  'claim() adds a missing family and commits the new sandbox to all records of the pod': async ({
    ledger,
  }) => {
    await claimed(ledger, claimantOf('a', 'old'), [wantOf('eth0', [v4]), wantOf('net1', [v4])]);
    const addresses = await claimed(ledger, claimantOf('a', 'new'), [
      wantOf('eth0', [v4]),
      wantOf('eth0', [v6]),
    ]);
    assert.deepEqual(
      addresses.map((it) => it.standing),
      [true, false],
    );
    const sandboxes = (await ledger.records({ uid: 'a-uid' })).map((it) => it.holders[0]?.sandbox);
    assert.deepEqual(sandboxes, ['new', 'new', 'new']);
    assert.deepEqual(await ledger.release(releaseOf('a', 'net1', 'old')), []);
  },

  'claim() gives all or nothing, with every reason and the counts of the pools': async ({ ledger }) => {
    await claimed(ledger, claimantOf('a'), [wantOf('eth0', [single])]);
    const exhausted = wantOf('eth0', [single]);
    const outside = wantOf('net2', [v4], '10.0.0.99');
    const reasons = await refused(ledger, claimantOf('b', 'new'), [exhausted, wantOf('net1', [v4]), outside]);
    assert.deepEqual(reasons, [
      {
        cause: 'exhausted',
        want: exhausted,
        pools: [{ pool: 'single', allocated: 1, outside: 0, cooling: 0, suspect: 0, free: 0n }],
      },
      { cause: 'requested-outside', want: outside },
    ]);
    assert.deepEqual(await ledger.records({ uid: 'b-uid' }), []);
    assert.equal((await ledger.usage([v4]))[0]?.free, 8n);
  },

  'claim() goes on to the next pool when one is exhausted': async ({ ledger }) => {
    const want = wantOf('eth0', [single, v4]);
    assert.equal((await claimedRecord(ledger, claimantOf('a'), want)).pool, 'single');
    assert.equal((await claimedRecord(ledger, claimantOf('b'), want)).pool, 'v4');
  },

  'claim() refuses wants without a pool': async ({ ledger }) => {
    const want = wantOf('eth0', []);
    assert.deepEqual(await refused(ledger, claimantOf('a'), [want]), [
      { cause: 'exhausted', want, pools: [] },
    ]);
  },

  'claim() honours a requested address or says why not': async ({ ledger }) => {
    const record = await claimedRecord(ledger, claimantOf('a'), wantOf('eth0', [v4], '10.0.0.5'));
    assert.equal(formatAddress(record.address), '10.0.0.5');
    const taken = wantOf('eth0', [v4], '10.0.0.5');
    assert.deepEqual(await refused(ledger, claimantOf('b'), [taken]), [
      { cause: 'requested-taken', want: taken, by: record },
    ]);
    const other = wantOf('eth0', [v4], '10.0.0.6');
    assert.deepEqual(await refused(ledger, claimantOf('a'), [other]), [
      { cause: 'requested-differs', want: other, standing: record },
    ]);
    await claimed(ledger, claimantOf('a'), [taken]);
    const twice = [wantOf('eth0', [v4], '10.0.0.7'), wantOf('net1', [v4], '10.0.0.7')];
    const [reason] = await refused(ledger, claimantOf('b'), twice);
    assert.equal(reason?.cause, 'requested-taken');
    assert.equal((await ledger.records({})).length, 1);
  },

  'claim() never gives one address through two pools that overlap': async ({ ledger }) => {
    const low = poolOf('low', ['10.0.0.1-10.0.0.3']);
    const high = poolOf('high', ['10.0.0.2-10.0.0.4']);
    await ledger.usage([low, high]);
    const given = new Set<unknown>();
    for (let i = 0; i < 4; i++) {
      const wants = [wantOf('eth0', i % 2 === 0 ? [high, low] : [low, high])];
      given.add((await claimed(ledger, claimantOf(`p${i}`), wants))[0]?.record.address);
    }
    assert.equal(given.size, 4);
    const [lowUsage, highUsage] = await ledger.usage([low, high]);
    assert.equal(lowUsage?.free, 0n);
    assert.equal(highUsage?.free, 0n);
  },

  'claim() sees what other handles write': async ({ ledger, store, clock }) => {
    const other = await store.open(clock, 'node-2');
    await ledger.usage([v4]);
    const first = await claimedRecord(other, claimantOf('a', undefined, 'node-2'), wantOf('eth0', [v4]));
    const second = await claimedRecord(ledger, claimantOf('b'), wantOf('eth0', [v4]));
    assert.notEqual(first.address, second.address);
    assert.deepEqual(await ledger.records({ node: 'node-2' }), [first]);
    assert.deepEqual(await other.records({ node: 'node-2' }), [first]);
    const freed = await other.release(releaseOf('a', 'eth0'));
    assert.deepEqual(freed, [first]);
    assert.equal((await ledger.usage([v4]))[0]?.cooling, 1);
    assert.deepEqual(await other.release({ by: 'record', record: second }), [second]);
    assert.equal((await ledger.usage([v4]))[0]?.cooling, 2);
    const only = wantOf('eth0', [poolOf('only', ['10.0.0.1'])]);
    await claimedRecord(other, claimantOf('c', undefined, 'node-2'), only);
    assert.equal((await refused(ledger, claimantOf('d'), [only])).length, 1);
    await other.release(releaseOf('c', 'eth0'));
    assert.equal((await claimed(ledger, claimantOf('d'), [only])).length, 1);
  },

  'claim() serves many at once through two handles, each address once': async ({ ledger, store, clock }) => {
    const other = await store.open(clock, 'node-2');
    const many = poolOf('many', ['10.1.0.1-10.1.0.200']);
    const records = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const [handle, node] = i % 2 === 0 ? ([ledger, 'node-1'] as const) : ([other, 'node-2'] as const);
        return claimedRecord(handle, claimantOf(`p${i}`, undefined, node), wantOf('eth0', [many]));
      }),
    );
    assert.equal(new Set(records.map((it) => it.address)).size, 200);
    assert.equal((await refused(ledger, claimantOf('late'), [wantOf('eth0', [many])])).length, 1);
  },

  'claim() follows a pool that is edited': async ({ ledger }) => {
    const record = await claimedRecord(ledger, claimantOf('a'), wantOf('eth0', [v4]));
    const edited = poolOf('v4', ['10.0.0.2-10.0.0.3']);
    const usage = { pool: 'v4', allocated: 1, outside: 1, cooling: 0, suspect: 0, free: 2n };
    assert.deepEqual(await ledger.usage([edited]), [usage]);
    const again = await claimedRecord(ledger, claimantOf('a'), wantOf('eth0', [edited]));
    assert.deepEqual(again, record);
    await ledger.release(releaseOf('a', 'eth0'));
    assert.deepEqual(await ledger.usage([edited]), [{ ...usage, allocated: 0, outside: 0 }]);
  },

  'claim() is not hurt by a chooser that throws or picks what is not offered': async ({ ledger }) => {
    const wants = [wantOf('eth0', [v4])];
    const failing = ledger.claim(claimantOf('a'), wants, () => {
      throw new RangeError('broken');
    });
    const lying = ledger.claim(claimantOf('b'), wants, () => ({ address: ip('10.9.9.9'), class: 'free' }));
    const sound = claimed(ledger, claimantOf('c'), wants);
    await assert.rejects(failing, RangeError);
    await assert.rejects(lying, /did not offer/);
    assert.equal((await sound).length, 1);
    assert.equal((await ledger.records({})).length, 1);
  },

  'claim() that is cancelled before it begins writes nothing': async ({ ledger }) => {
    const reason = new Error('the caller is gone');
    const signal = AbortSignal.abort(reason);
    const options = { signal };
    await assert.rejects(
      ledger.claim(claimantOf('a'), [wantOf('eth0', [v4])], chooseAddress, options),
      reason,
    );
    assert.deepEqual(await ledger.records({}), []);
  },

  'preview() says what claim() would answer and writes nothing': async ({ ledger }) => {
    const wants = [wantOf('eth0', [v4]), wantOf('net1', [v4]), wantOf('eth0', [v6])];
    await claimed(ledger, claimantOf('a'), wants.slice(0, 1));
    const answer = await ledger.preview(claimantOf('a', 'other'), wants, chooseAddress);
    assert.deepEqual(answer, {
      kind: 'claimable',
      addresses: [
        { want: wants[0], address: ip('10.0.0.1'), pool: 'v4', class: 'standing' },
        { want: wants[1], address: ip('10.0.0.2'), pool: 'v4', class: 'free' },
        { want: wants[2], address: ip('fd00::1'), pool: 'v6', class: 'free' },
      ],
    });
    assert.equal((await ledger.records({ sandbox: 'other' })).length, 0);
    assert.equal((await ledger.records({})).length, 1);
    const outside = wantOf('eth0', [v4], '10.0.0.99');
    const no = await ledger.preview(claimantOf('b'), [outside], chooseAddress);
    assert.deepEqual(no, { kind: 'refused', refusals: [{ cause: 'requested-outside', want: outside }] });
  },
};
