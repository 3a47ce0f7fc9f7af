import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Address, formatAddress } from '../src/ip/address.ts';
import { chooseAddress } from '../src/ipam/choose.ts';
import type { PoolRange } from '../src/ipam/want.ts';
import { kubeResources, resourcePath } from '../src/kube/resource-path.ts';
import { blockBase, blockName, blockRange, slotIndex } from '../src/ledger/blocks/block-name.ts';
import { blockLabel, blockLabelValue, nodeLabel } from '../src/ledger/blocks/labels.ts';
import { encodeFreed, encodeRecord, type RawSlot } from '../src/ledger/blocks/slot.ts';
import { startBlockCluster } from '../src/ledger/blocks/testing/block-cluster.ts';
import {
  claimantOf,
  claimed,
  claimedRecord,
  holderOf,
  ip,
  poolOf,
  releaseOf,
  staticClaimantOf,
  wantOf,
} from '../src/ledger/contract/fixtures.ts';
import type { Claimant } from '../src/ledger/ledger.ts';
import type { AllocationRecord, Holder, StaticOwner } from '../src/ledger/record.ts';

/*
 * deploy/manifests/50-admission-policies.yaml: each write that an agent makes is let through, with the token of its node, and whatever
 * else such a token might be used for is not.
 */

const cluster = await startBlockCluster();
const { plane } = cluster;
after(async () => cluster[Symbol.asyncDispose]());
const account = { namespace: 'spiderpool', name: 'spiderpool-agent' } as const;
const [a, b] = [await cluster.agent('a'), await cluster.agent('b')];
const foreign =
  /the agent of node b may not change the slots [\d, ]+ of v4-\w+: they are recorded for other nodes; ask the agent there/;
const forged =
  /the agent of node \w+ may not write the slots [\d, ]+ of v4-\w+ in the name of another node: SPIDERPOOL_NODE_NAME/;

let subnets = 0;
/** A pool of one block that no other test uses. */
function freshPool(size = 64): PoolRange {
  const subnet = subnets++;
  return poolOf(`pool-${subnet}`, [`10.${subnet}.0.0-10.${subnet}.0.${size - 1}`]);
}

function ofA(pod: string): Claimant {
  return claimantOf(pod, undefined, 'a');
}

let owners = 0;
/** Claimants of one static owner on both nodes. */
function staticClaimants(takeover: 'move' | 'share'): { owner: StaticOwner; onA: Claimant; onB: Claimant } {
  owners += 1;
  const owner = { kind: 'StatefulSet', namespace: 'default', name: `web-${owners}` };
  const on = (node: string): Claimant => ({
    ...staticClaimantOf(`web-${owners}-${node}`, takeover, node),
    owner: { ...owner, takeover },
  });
  return { owner, onA: on('a'), onB: on('b') };
}

function pathOf(address: Address): string {
  return resourcePath(kubeResources.blocks, { name: blockName(blockBase(address)) });
}

function blockOf(address: Address, slot: RawSlot): object {
  const base = blockBase(address);
  const slots = Array.from({ length: 64 }, (_, index) => (index === slotIndex(address) ? slot : {}));
  return {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPBlock',
    metadata: { name: blockName(base), labels: { 'ipam.spidernet.io/block': 'true' } },
    spec: { base: formatAddress(base), range: `${formatAddress(blockRange(base).start)}-`, slots },
  };
}

function recordOf(address: Address, holders: readonly Holder[], owner?: StaticOwner): AllocationRecord {
  return { address, pool: 'p', network: 'n', nic: 'eth0', sinceMs: 0, holders, ...(owner && { owner }) };
}

/** Who had a record where, as it stands in a block. */
function rawRecord(
  address: Address,
  nodes: readonly string[],
  owner?: StaticOwner,
  keptOn?: string,
): RawSlot {
  const holders = nodes.map((node) => holderOf(`pod-${node}`, undefined, node));
  return encodeRecord(recordOf(address, holders, owner), undefined, keptOn);
}

function freed(slot: RawSlot): RawSlot {
  return encodeFreed(slot, 0, false);
}

void describe('the policy spiderpool-keep-records', () => {
  void it('refuses to delete a block with records, alone or with all others, and says what to do', async () => {
    const record = await claimedRecord(a.ledger, ofA('kept'), wantOf('eth0', [freshPool()]));
    for (const path of [pathOf(record.address), resourcePath(kubeResources.blocks)]) {
      const { status, text } = await plane.adminRequest('DELETE', path);
      assert.equal(status, 403, text);
      assert.match(
        text,
        /v4-\w+ has records of 1 of its addresses: release them first, .*to uninstall, remove the ValidatingAdmissionPolicyBinding spiderpool-keep-records/,
      );
    }
    assert.deepEqual(await a.ledger.records({ address: record.address }), [record]);
    await a.ledger.release(releaseOf('kept', 'eth0'));
    // What it was is kept as a trace, which is no record.
    assert.equal((await plane.adminRequest('DELETE', pathOf(record.address))).status, 200);
  });

  void it('takes what it does not understand for a record', async () => {
    const start = ip('10.200.0.0');
    for (const [slot, isKept] of [
      [{ newer: 1 }, true],
      [{ freed: 7 }, true],
      [{ freed: null }, true],
      [{ pool: 'p', freed: { at: '2026' } }, true],
      [{}, false],
      [encodeFreed(rawRecord(start, ['a']), 0, true), false],
    ] as const) {
      const made = await plane.adminRequest('POST', resourcePath(kubeResources.blocks), blockOf(start, slot));
      assert.equal(made.status, 201, made.text);
      const { status } = await plane.adminRequest('DELETE', pathOf(start));
      assert.equal(status, isKept ? 403 : 200, JSON.stringify(slot));
      if (!isKept) continue;
      await cluster.writeSlot(start, {});
      assert.equal((await plane.adminRequest('DELETE', pathOf(start))).status, 200);
    }
  });
});

void describe('the policy spiderpool-own-slots lets an agent', () => {
  void it('claim, take a new sandbox over, mark and release', async () => {
    const want = wantOf('eth0', [freshPool()]);
    const record = await claimedRecord(a.ledger, ofA('life'), want);
    const renewed = holderOf('life', 'another', 'a');
    assert.deepEqual(await a.ledger.confirm(renewed), [{ ...record, holders: [renewed] }]);
    assert.ok(await a.ledger.markOutliving(record, renewed));
    assert.equal((await a.ledger.release(releaseOf('life', 'eth0', 'another'))).length, 1);
    const next = await claimedRecord(b.ledger, claimantOf('next', undefined, 'b'), want);
    assert.deepEqual(next.holders, [holderOf('next', undefined, 'b')]);
  });

  void it('give back what it took when it can not have all', async () => {
    const [wide, full] = [freshPool(), freshPool(1)];
    await claimed(b.ledger, claimantOf('taker', undefined, 'b'), [wantOf('eth0', [full])]);
    const used = await claimedRecord(a.ledger, ofA('former'), wantOf('eth0', [wide]));
    await a.ledger.release(releaseOf('former', 'eth0'));
    const wants = [wantOf('eth0', [wide], formatAddress(used.address)), wantOf('net1', [full])];
    const outcome = await a.ledger.claim(ofA('greedy'), wants, chooseAddress);
    assert.equal(outcome.kind, 'refused');
    assert.deepEqual(await a.ledger.records({ uid: 'greedy-uid' }), []);
    assert.ok((await cluster.slot(used.address))['freed'], 'the trace of before stands again');
  });

  void it('take the address of a static owner over from another node, held or kept', async () => {
    const want = wantOf('eth0', [freshPool()]);
    const { onA, onB } = staticClaimants('move');
    const first = await claimedRecord(a.ledger, onA, want);
    // What newer agents may add.
    await cluster.writeSlot(first.address, { ...(await cluster.slot(first.address)), newer: { field: 1 } });
    const moved = await claimedRecord(b.ledger, onB, want);
    assert.deepEqual(moved, { ...first, holders: [onB.holder] });
    const { uid, sandbox } = onB.holder;
    await b.ledger.release({ by: 'attachment', sandbox, nic: 'eth0', uid });
    assert.deepEqual(await claimedRecord(a.ledger, onA, want), first);
    assert.deepEqual((await cluster.slot(first.address))['newer'], { field: 1 });
  });

  void it('free what a static owner had on another node in a pool that it does not keep, or when it is gone', async () => {
    const [former, next] = [freshPool(), freshPool()];
    const { owner, onA, onB } = staticClaimants('move');
    const old = await claimedRecord(a.ledger, onA, wantOf('eth0', [former]));
    const want = { ...wantOf('eth0', [next]), keepPools: new Set([next.name]) };
    const moved = await claimedRecord(b.ledger, onB, want);
    assert.deepEqual(await b.ledger.records({ owner }), [moved]);
    assert.ok((await cluster.slot(old.address))['freed']);
    const { uid, sandbox } = onB.holder;
    await b.ledger.release({ by: 'attachment', sandbox, nic: 'eth0', uid });
    assert.deepEqual(await a.ledger.release({ by: 'owner', owner }), [{ ...moved, holders: [] }]);
  });

  void it('join and leave an address that two nodes share while a machine moves, and put it back whole', async () => {
    const want = wantOf('eth0', [freshPool()]);
    const { onA, onB } = staticClaimants('share');
    const first = await claimedRecord(a.ledger, onA, want);
    const both = await claimedRecord(b.ledger, onB, want);
    assert.deepEqual(both.holders, [onA.holder, onB.holder]);
    await a.ledger.reconcile({ isLiving: () => true });
    await cluster.deleteBlock(first.address);
    const { restored } = await a.ledger.reconcile({ isLiving: () => true });
    assert.deepEqual(restored, [both]);
    // Each leaves by itself; the last one leaves the address to its owner.
    for (const [agent, { holder }, left] of [
      [a, onA, [onB.holder]],
      [b, onB, []],
    ] as const) {
      const { uid, sandbox } = holder;
      await agent.ledger.release({ by: 'attachment', sandbox, nic: 'eth0', uid });
      assert.deepEqual((await agent.ledger.records({ address: first.address }))[0]?.holders, left);
    }
  });

  void it('take over and release what was imported for its pods', async () => {
    const pool = freshPool();
    const want = wantOf('eth0', [pool]);
    const start = pool.eligible.ranges[0]?.start;
    assert.ok(typeof start === 'number');
    const imported = { ...holderOf('imported', '', 'a'), uid: 'imported-uid' };
    const raw = encodeRecord({ ...recordOf(start, [imported]), pool: pool.name });
    const made = await plane.adminRequest('POST', resourcePath(kubeResources.blocks), blockOf(start, raw));
    assert.equal(made.status, 201, made.text);
    await cluster.writeSlot(start + 1, {
      ...raw,
      holders: [{ ...(raw['holders'] as RawSlot[])[0], uid: 'other' }],
    });
    await cluster.patch(start, [{ op: 'add', path: '/metadata/labels', value: labelsOf('a') }]);
    await a.ledger.reconcile({ isLiving: () => true });
    const record = await claimedRecord(a.ledger, ofA('imported'), want);
    assert.deepEqual([record.address, record.holders], [start, [holderOf('imported', undefined, 'a')]]);
    const attachment = {
      by: 'attachment',
      sandbox: 'any',
      nic: 'eth0',
      pod: imported.pod,
      uid: 'other',
    } as const;
    assert.equal((await a.ledger.release(attachment)).length, 1);
  });

  void it('do what it may although another change of the same patch is refused', async () => {
    const pool = freshPool();
    const theirs = await claimedRecord(a.ledger, ofA('theirs'), wantOf('eth0', [pool]));
    const [released, mine] = await Promise.allSettled([
      b.ledger.release({ by: 'record', record: theirs }),
      claimedRecord(b.ledger, claimantOf('mine', undefined, 'b'), wantOf('eth0', [pool])),
    ]);
    assert.equal(released.status, 'rejected');
    assert.match(String(released.reason), foreign);
    assert.equal(mine.status, 'fulfilled');
    assert.deepEqual(await a.ledger.records({ address: theirs.address }), [theirs]);
  });
});

void describe('the policy spiderpool-own-slots refuses an agent', () => {
  void it('that releases what another node holds, with a message that says who may', async () => {
    const record = await claimedRecord(a.ledger, ofA('held'), wantOf('eth0', [freshPool()]));
    const [holder] = record.holders;
    assert.ok(holder);
    for (const condition of [
      { by: 'record', record },
      { by: 'holder', record, holder },
    ] as const) {
      await assert.rejects(b.ledger.release(condition), { code: 'LEDGER_IO', message: foreign });
    }
    assert.deepEqual(await a.ledger.records({ address: record.address }), [record]);
    const controller = await cluster.controller();
    assert.deepEqual(await controller.release({ by: 'record', record, suspect: true }), [record]);
  });

  void it('that calls itself by the name of another node', async () => {
    const wrong = await cluster.agent('d', { api: (await cluster.agent('c')).api });
    const claim = claimed(wrong.ledger, claimantOf('lost', undefined, 'd'), [wantOf('eth0', [freshPool()])]);
    await assert.rejects(claim, { code: 'LEDGER_IO', message: forged });
  });

  const { owner } = staticClaimants('move');
  const another = { ...owner, name: 'another' };
  const at = ip('10.201.0.5');
  const raw = (nodes: readonly string[], of?: StaticOwner, keptOn?: string): RawSlot =>
    rawRecord(at, nodes, of, keptOn);
  for (const [title, before, next, message] of [
    ['frees another node’s record', raw(['a']), freed(raw(['a'])), foreign],
    ['wipes another node’s record', raw(['a']), {}, foreign],
    ['takes another node’s record', raw(['a']), raw(['b']), foreign],
    ['takes what it does not understand', { newer: 1 }, raw(['b']), foreign],
    ['makes another node’s record one of an owner', raw(['a']), raw(['b'], owner), foreign],
    ['takes a record from its owner to another', raw(['a'], owner), raw(['b'], another), foreign],
    ['takes a record from its owner', raw(['a'], owner), raw(['b']), foreign],
    ['wipes the record of an owner', raw(['a'], owner), {}, foreign],
    ['wipes what another node keeps for an owner', raw([], owner, 'a'), {}, foreign],
    [
      'frees the record of an owner as that of another',
      raw(['a'], owner),
      freed(raw(['a'], another)),
      foreign,
    ],
    ['writes a new record for another node', {}, raw(['a']), forged],
    ['writes a record over a trace for another node', freed(raw(['a'])), raw(['a']), forged],
    ['keeps an address on another node', {}, raw([], owner, 'a'), forged],
    ['gives its record to another node', raw(['b']), raw(['a']), forged],
    ['adds a holder of another node to its record', raw(['b'], owner), raw(['b', 'a'], owner), forged],
    ['writes two holders without an owner', {}, raw(['b', 'a']), forged],
    ['gives what it keeps to another node', raw([], owner, 'b'), raw([], owner, 'a'), forged],
    ['changes the holder of another node', raw(['a', 'b'], owner), renamed(raw(['a', 'b'], owner)), forged],
    ['writes what nobody understands', {}, { newer: 1 }, forged],
    ['takes what only seems to be freed', { ...raw(['a']), freed: 1 }, raw(['b']), foreign],
    ['writes what only seems to be freed', {}, { ...raw(['a']), freed: 1 }, forged],
  ] as const) {
    void it(`that ${title}`, async () => {
      const token = await plane.tokenFor(account, 3600, 'b');
      const blocks = resourcePath(kubeResources.blocks);
      if (Object.keys(before).length === 0) {
        const created = await plane.adminRequest('POST', blocks, blockOf(at, next), { token });
        assert.equal(created.status, 403, created.text);
        assert.match(created.text, message);
      }
      await plane.ensure(blocks, blockOf(at, {}));
      await cluster.writeSlot(at, before);
      const patch = [{ op: 'replace', path: `/spec/slots/${slotIndex(at)}`, value: next }];
      const contentType = 'application/json-patch+json';
      const answer = await plane.adminRequest('PATCH', pathOf(at), patch, { token, contentType });
      assert.equal(answer.status, 403, answer.text);
      assert.match(answer.text, message);
      assert.deepEqual(await cluster.slot(at), before);
      // A token that names no node is not restricted: of an older cluster, or of an agent outside of a pod.
      const unnamed = await plane.tokenFor(account);
      const allowed = await plane.adminRequest('PATCH', pathOf(at), patch, { token: unnamed, contentType });
      assert.equal(allowed.status, 200, allowed.text);
      await cluster.writeSlot(at, {});
      assert.equal((await plane.adminRequest('DELETE', pathOf(at))).status, 200);
    });
  }
});

/** The same record with another namespace of its first holder. */
function renamed(raw: RawSlot): RawSlot {
  const [first, ...rest] = raw['holders'] as RawSlot[];
  return { ...raw, holders: [{ ...first, netns: { path: '/elsewhere' } }, ...rest] };
}

/** The labels by which a node finds the records of a block. */
function labelsOf(node: string): Readonly<Record<string, string>> {
  return { [blockLabel]: blockLabelValue, [nodeLabel(node)]: '' };
}
