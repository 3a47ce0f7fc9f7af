import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatAddress } from '../../ip/address.ts';
import { chooseAddress } from '../../ipam/choose.ts';
import type { PoolRange } from '../../ipam/want.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  ip,
  poolOf,
  refused,
  releaseOf,
  staticClaimantOf,
  wantOf,
} from '../contract/fixtures.ts';
import { LedgerError } from '../errors.ts';
import type { Claimant } from '../ledger.ts';
import { blockPath, startBlockCluster, type TestAgent } from './testing/block-cluster.ts';

const cluster = await startBlockCluster();
const { proxy, plane } = cluster;
after(async () => cluster[Symbol.asyncDispose]());

/** The first time of its use is long ago on no machine. */
const GENEROUS_MS = 90_000;

let subnets = 0;
/** A pool that no other test uses. */
function freshPool(size: number): PoolRange {
  const subnet = subnets++;
  const name = `pool-${subnet}`;
  const last = size - 1;
  return poolOf(name, [`10.${subnet}.0.0-10.${subnet}.${last >> 8}.${last & 255}`]);
}

async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + GENEROUS_MS;
  while (!(await check())) {
    assert.ok(performance.now() < endMs, 'it never came to pass');
    await sleep(20);
  }
}

void describe('BlockLedger behind faults', () => {
  for (const [name, fault] of [
    ['is committed without an answer', { kind: 'cut-after' }],
    ['is cut before it is sent on', { kind: 'cut-before' }],
    ['is answered 500', { kind: 'status', status: 500 }],
    ['is answered 429', { kind: 'status', status: 429, headers: { 'Retry-After': '1' } }],
    ['is answered 409', { kind: 'status', status: 409 }],
  ] as const) {
    for (const method of ['POST', 'PATCH'] as const) {
      void it(`claim() takes one address when its ${method} ${name}`, async () => {
        await using agent = await opened(`node-${name.replaceAll(' ', '-')}-${method.toLowerCase()}`);
        const pool = freshPool(8);
        if (method === 'PATCH')
          await claimed(agent.ledger, agent.claimant('first'), [wantOf('eth0', [pool])]);
        const rule = proxy.inject({ method, path: /spideripblocks/, times: 2, fault });
        const record = await claimedRecord(agent.ledger, agent.claimant('a'), wantOf('eth0', [pool]));
        rule.remove();
        assert.ok(rule.hits > 0);
        assert.deepEqual(await agent.ledger.records({ uid: 'a-uid', pool: pool.name }), [record]);
        assert.deepEqual(await agent.ledger.release(releaseOf('a', 'eth0')), [record]);
        assert.deepEqual(await agent.ledger.records({ uid: 'a-uid', pool: pool.name }), []);
      });
    }
  }

  void it('release() frees once when its answer is lost', async () => {
    await using agent = await opened('node-release');
    const pool = freshPool(8);
    const record = await claimedRecord(agent.ledger, agent.claimant('a'), wantOf('eth0', [pool]));
    const rule = proxy.inject({
      method: 'PATCH',
      path: blockPath(record.address),
      times: 1,
      fault: { kind: 'cut-after' },
    });
    assert.deepEqual(await agent.ledger.release(releaseOf('a', 'eth0')), [record]);
    assert.equal(rule.hits, 1);
    assert.equal((await agent.ledger.lastHolder(record.address))?.last.holders[0]?.uid, 'a-uid');
  });

  void it('claim() whose caller has left is brought to an end, and answers the next of that pod', async () => {
    await using agent = await opened('node-cancel');
    const pool = freshPool(8);
    await claimed(agent.ledger, agent.claimant('first'), [wantOf('eth0', [pool])]);
    const cut = proxy.inject({ method: 'PATCH', path: /spideripblocks/, fault: { kind: 'cut-after' } });
    const caller = new AbortController();
    const claim = agent.ledger.claim(agent.claimant('a'), [wantOf('eth0', [pool])], chooseAddress, {
      signal: caller.signal,
    });
    await eventually(() => cut.hits > 0);
    caller.abort(new Error('the caller has left'));
    await assert.rejects(claim, /the caller has left/);
    const next = claimedRecord(agent.ledger, agent.claimant('a', 'next'), wantOf('eth0', [pool]));
    await sleep(100);
    cut.remove();
    const record = await next;
    assert.equal(record.holders[0]?.sandbox, 'next');
    assert.deepEqual(await agent.ledger.records({ pool: pool.name, uid: 'a-uid' }), [record]);
  });

  void it('release() waits for a claim of its sandbox whose outcome is not known', async () => {
    await using agent = await opened('node-del');
    const pool = freshPool(8);
    await claimed(agent.ledger, agent.claimant('first'), [wantOf('eth0', [pool])]);
    const cut = proxy.inject({
      method: 'PATCH',
      path: /spideripblocks/,
      times: 2,
      fault: { kind: 'cut-after' },
    });
    const claim = claimedRecord(agent.ledger, agent.claimant('a'), wantOf('eth0', [pool]));
    await eventually(() => cut.hits > 0);
    const freed = await agent.ledger.release(releaseOf('a', 'eth0'));
    assert.deepEqual(freed, [await claim]);
    assert.deepEqual(await agent.ledger.records({ uid: 'a-uid', pool: pool.name }), []);
  });

  void it('claim() gives every pod its own address although the API server is killed meanwhile', async () => {
    const pool = freshPool(200);
    await using one = await opened('node-kill-1');
    await using two = await opened('node-kill-2');
    const claims = Array.from({ length: 120 }, async (_, i) => {
      await sleep(i * 10);
      const agent = i % 2 === 0 ? one : two;
      for (;;) {
        try {
          return await claimedRecord(agent.ledger, agent.claimant(`k${i}`), wantOf('eth0', [pool]));
        } catch (error) {
          // The runtime asks again.
          assert.ok(error instanceof LedgerError && error.code === 'LEDGER_IO', String(error));
        }
      }
    });
    await sleep(300);
    await plane.killApiServer();
    await sleep(500);
    await plane.startApiServer();
    const records = await Promise.all(claims);
    assert.equal(new Set(records.map((outcome) => outcome.address)).size, 120);
    const stored = await one.ledger.records({ pool: pool.name }, { limit: 5000 });
    assert.deepEqual(
      new Set(stored.map((record) => record.holders[0]?.uid)),
      new Set(records.map((record) => record.holders[0]?.uid)),
    );
  });

  void it('claim() of the last address on two nodes at once succeeds on one', async () => {
    await using one = await opened('node-last-1');
    await using two = await opened('node-last-2');
    for (let round = 0; round < 10; round++) {
      const pool = freshPool(1);
      const outcomes = await Promise.all([
        one.ledger.claim(one.claimant(`l1-${round}`), [wantOf('eth0', [pool])], chooseAddress),
        two.ledger.claim(two.claimant(`l2-${round}`), [wantOf('eth0', [pool])], chooseAddress),
      ]);
      assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['claimed', 'refused']);
    }
  });

  void it('claim() finds an address that another node has freed, with a rest between proofs', async () => {
    const pool = freshPool(2);
    await using one = await opened('node-pair-1', { proofBackoffMs: 200 });
    await using two = await opened('node-pair-2', { proofBackoffMs: 200 });
    const want = wantOf('eth0', [pool]);
    const record = await claimedRecord(one.ledger, one.claimant('a'), want);
    await claimedRecord(one.ledger, one.claimant('b'), want);
    assert.equal((await refused(two.ledger, two.claimant('c'), [want])).length, 1);
    assert.equal((await refused(two.ledger, two.claimant('c'), [want])).length, 1);
    await one.ledger.release(releaseOf('a', 'eth0'));
    const found = await claimedRecord(two.ledger, two.claimant('c'), want);
    assert.equal(found.address, record.address);
  });

  void it('claim() waits for its turn to prove that a pool is exhausted only as long as its caller does', async () => {
    const pool = freshPool(1);
    await using agent = await opened('node-patience', { proofBackoffMs: 3_600_000 });
    const want = wantOf('eth0', [pool]);
    await claimed(agent.ledger, agent.claimant('a'), [want]);
    for (let proof = 0; proof < 3; proof++) await refused(agent.ledger, agent.claimant('b'), [want]);
    const waiting = agent.ledger.claim(agent.claimant('b'), [want], chooseAddress, {
      signal: AbortSignal.timeout(100),
    });
    const next = agent.ledger.claim(agent.claimant('c'), [want], chooseAddress);
    await assert.rejects(waiting, { name: 'TimeoutError' });
    await agent.ledger.release(releaseOf('a', 'eth0'));
    assert.equal((await next).kind, 'claimed');
  });

  void it('claim() says that a write is refused although nothing stands against it', async () => {
    await using agent = await opened('node-defect');
    const pool = freshPool(8);
    const first = await claimedRecord(agent.ledger, agent.claimant('first'), wantOf('eth0', [pool]));
    const rule = proxy.inject({
      method: 'PATCH',
      path: blockPath(first.address),
      fault: { kind: 'status', status: 422 },
    });
    const claims = ['a', 'b', 'c'].map((pod) =>
      claimed(agent.ledger, agent.claimant(pod), [wantOf('eth0', [pool])]),
    );
    for (const claim of claims) {
      await assert.rejects(claim, (error) => error instanceof LedgerError && error.code === 'LEDGER_IO');
    }
    assert.ok(rule.hits < 30, 'it is not tried for ever');
    rule.remove();
    assert.ok(agent.errors.some((line) => line.includes('although the slot stands')));
    const record = await claimedRecord(agent.ledger, agent.claimant('a'), wantOf('eth0', [pool]));
    assert.deepEqual(await agent.ledger.records({ uid: 'a-uid', pool: pool.name }), [record]);
  });

  void it('claim() of one pod is refused by a policy without harm to the others of its batch', async () => {
    await denySlots('nic-policy', `has(slot.nic) && slot.nic == 'bad'`);
    await using agent = await opened('node-policy');
    const pool = freshPool(64);
    const first = await claimedRecord(agent.ledger, agent.claimant('first'), wantOf('eth0', [pool]));
    await eventually(async () => {
      const [ok] = await Promise.allSettled([
        claimed(agent.ledger, agent.claimant('probe'), [wantOf('bad', [pool])]),
      ]);
      if (ok.status === 'rejected') return true;
      await agent.ledger.release(releaseOf('probe', 'bad'));
      return false;
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        claimedRecord(agent.ledger, agent.claimant(`policy${i}`), wantOf(i === 5 ? 'bad' : 'eth0', [pool])),
      ),
    );
    const failed = outcomes.flatMap((outcome, i) => (outcome.status === 'rejected' ? [i] : []));
    assert.deepEqual(failed, [5]);
    assert.notEqual(await cluster.block(first.address), undefined);
  });

  void it('claim() never gives an address whose slot it can’t read', async () => {
    const pool = freshPool(4);
    await using agent = await opened('node-unreadable', { proofBackoffMs: 0 });
    const want = wantOf('eth0', [pool]);
    const first = await claimedRecord(agent.ledger, agent.claimant('a'), want);
    const unread = ip(formatAddress(first.address).replace(/0$/, '1'));
    await cluster.writeSlot(unread, { pool: 'pool', written: 'by something newer' });
    const given = [first.address];
    for (const pod of ['b', 'c'])
      given.push((await claimedRecord(agent.ledger, agent.claimant(pod), want)).address);
    assert.ok(!given.includes(unread));
    assert.equal((await refused(agent.ledger, agent.claimant('d'), [want])).length, 1);
    const requested = wantOf('eth0', [pool], formatAddress(unread));
    await assert.rejects(claimed(agent.ledger, agent.claimant('d'), [requested]), { code: 'LEDGER_IO' });
    assert.equal(agent.errors.filter((line) => line.includes('can not be read')).length, 1);
    assert.deepEqual(await cluster.slot(unread), { pool: 'pool', written: 'by something newer' });
  });

  void it('claim() gives no address twice to pools of subnets that overlap', async () => {
    const wide = freshPool(8);
    const subnet = { family: 4, network: wide.eligible.first() ?? 0, prefixLength: 28 } as const;
    const narrow: PoolRange = { ...wide, name: 'narrow', subnet };
    await using one = await opened('node-wide', { proofBackoffMs: 0 });
    await using two = await opened('node-narrow', { proofBackoffMs: 0 });
    const given = new Set<unknown>();
    for (let i = 0; i < 8; i++) {
      const [agent, pool] = i % 2 === 0 ? ([one, wide] as const) : ([two, narrow] as const);
      given.add((await claimedRecord(agent.ledger, agent.claimant(`o${i}`), wantOf('eth0', [pool]))).address);
    }
    assert.equal(given.size, 8);
    assert.equal((await refused(one.ledger, one.claimant('late'), [wantOf('eth0', [wide])])).length, 1);
    await using three = await opened('node-third', { proofBackoffMs: 0 });
    const other: PoolRange = { ...wide, name: 'other', subnet: { ...subnet, prefixLength: 29 } };
    const late = three.claimant('late');
    assert.equal((await refused(three.ledger, late, [wantOf('eth0', [other])])).length, 1);
    assert.equal((await three.ledger.usage([other]))[0]?.free, 0n, 'the block was found and labelled');
  });

  for (const [where, size] of [
    ['in one block', 64],
    ['in two blocks', 256],
  ] as const) {
    void it(`claim() of one owner on two nodes at once, ${where}, ends with one address`, async () => {
      const pool = freshPool(size);
      await using one = await opened('node-owner-1');
      await using two = await opened('node-owner-2', { placement: 0.7 });
      const want = wantOf('eth0', [pool]);
      const [a, b] = await Promise.all([
        claimedRecord(one.ledger, staticClaimantOf('s1', 'share', 'node-owner-1'), want),
        claimedRecord(two.ledger, staticClaimantOf('s2', 'share', 'node-owner-2'), want),
      ]);
      const { owner } = a;
      assert.ok(owner);
      const records = (await one.ledger.records({ owner })).filter((record) =>
        pool.eligible.contains(record.address),
      );
      assert.equal(records.length, 1);
      assert.equal(a.address, b.address);
      for (const record of records) await one.ledger.release({ by: 'record', record });
    });
  }

  void it('openBlockLedger() rejects while the records can’t be read', async () => {
    const rule = proxy.inject({
      method: 'GET',
      path: /spideripblocks\?/,
      fault: { kind: 'status', status: 403 },
    });
    await assert.rejects(cluster.agent('node-open'), { name: 'LedgerError', code: 'LEDGER_IO' });
    rule.remove();
    const agent = await cluster.agent('node-open');
    await agent.crash();
    await assert.rejects(agent.ledger.records({}), { code: 'LEDGER_CLOSED' });
  });

  void it('dispose() gives what is being written a bounded time', async () => {
    const pool = freshPool(8);
    await using agent = await opened('node-dispose', { closeWithinMs: 100 });
    await claimed(agent.ledger, agent.claimant('a'), [wantOf('eth0', [pool])]);
    const rule = proxy.inject({
      method: 'PATCH',
      path: /spideripblocks/,
      fault: { kind: 'status', status: 503 },
    });
    const claim = agent.ledger.claim(agent.claimant('b'), [wantOf('eth0', [pool])], chooseAddress);
    await eventually(() => rule.hits > 0);
    await Promise.all([
      assert.rejects(claim, { code: 'LEDGER_CLOSED' }),
      agent.ledger[Symbol.asyncDispose](),
    ]);
    rule.remove();
  });
});

async function opened(node: string, options: Parameters<typeof cluster.agent>[1] = {}): Promise<OpenedAgent> {
  const agent = await cluster.agent(node, { closeWithinMs: 0, ...options });
  return {
    ...agent,
    claimant: (pod, sandbox) => claimantOf(pod, sandbox, node),
    [Symbol.asyncDispose]: () => agent.crash(),
  };
}

interface OpenedAgent extends TestAgent, AsyncDisposable {
  /** A pod of its node. */
  claimant(pod: string, sandbox?: string): Claimant;
}

/** Has the API server refuse every block with a slot that the expression is true for. */
async function denySlots(name: string, expression: string): Promise<void> {
  const root = '/apis/admissionregistration.k8s.io/v1';
  await plane.ensure(`${root}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['spiderpool.spidernet.io'],
            apiVersions: ['v2beta1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['spideripblocks'],
          },
        ],
      },
      validations: [{ expression: `!object.spec.slots.exists(slot, ${expression})` }],
    },
  });
  await plane.ensure(`${root}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
}
