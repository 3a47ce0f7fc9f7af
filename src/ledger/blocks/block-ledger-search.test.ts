import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { formatAddress } from '../../ip/address.ts';
import type { PoolRange } from '../../ipam/want.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import { claimantOf, claimedRecord, ip, poolOf, refused, releaseOf, wantOf } from '../contract/fixtures.ts';
import type { AllocationRecord } from '../record.ts';
import { blockName, blockRange, SLOTS, slotAddress } from './block-name.ts';
import { blockLabel, type Fill, subnetLabel } from './labels.ts';
import { encodeFreed, encodeRecord, type RawSlot, unusedSlot } from './slot.ts';
import { startBlockCluster, type TestAgent } from './testing/block-cluster.ts';

const cluster = await startBlockCluster();
after(async () => cluster[Symbol.asyncDispose]());

const HOUR_MS = 3_600_000;
/** More than an agent reads one by one, and more than it reads as a whole without asking first. */
const BLOCKS = 40;

let pools = 0;

/** Slot 7 of block 30, far from where an agent begins. */
function isFree(block: number, index: number): boolean {
  return block === 30 && index === 7;
}

function cools(block: number, index: number): boolean {
  return block >= 36 && index < 3;
}

/** A pool of many blocks that others have taken, except for what `slotOf` leaves. */
async function filledPool(
  slotOf: (block: number, index: number, taken: RawSlot) => RawSlot | 'no block',
  fillOf: (block: number) => Fill = () => 'full',
): Promise<PoolRange> {
  const prefix = `10.${pools++}`;
  const first = ip(`${prefix}.0.0`);
  const last = slotAddress(first, BLOCKS * SLOTS - 1);
  const pool = {
    ...poolOf(`many-${prefix}`, [`${prefix}.0.0-${formatAddress(last)}`]),
    subnet: { family: 4, network: first, prefixLength: 16 } as const,
  };
  for (let block = 0; block < BLOCKS; block++) {
    const base = slotAddress(first, block * SLOTS);
    const slots = Array.from({ length: SLOTS }, (_, index) =>
      slotOf(block, index, encodeRecord(recordOf(pool, slotAddress(base, index)))),
    );
    if (slots.includes('no block')) continue;
    const { start, end } = blockRange(base);
    const { status, text } = await cluster.plane.adminRequest('POST', resourcePath(kubeResources.blocks), {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPBlock',
      metadata: {
        name: blockName(base),
        labels: { [blockLabel]: 'true', [subnetLabel(pool.subnet)]: fillOf(block) },
      },
      spec: { base: formatAddress(start), range: `${formatAddress(start)}-${formatAddress(end)}`, slots },
    });
    assert.equal(status, 201, text);
  }
  return pool;
}

function recordOf(pool: PoolRange, address: AllocationRecord['address']): AllocationRecord {
  const { holder } = claimantOf(formatAddress(address), undefined, 'elsewhere');
  return { address, pool: pool.name, network: 'net', nic: 'eth0', sinceMs: Date.now(), holders: [holder] };
}

async function take(agent: TestAgent, pool: PoolRange, pod: string): Promise<string> {
  const record = await claimedRecord(
    agent.ledger,
    claimantOf(pod, undefined, 'here'),
    wantOf('eth0', [pool]),
  );
  return formatAddress(record.address).replace(/^10\.\d+\./, '');
}

void describe('BlockLedger in a pool of many blocks', () => {
  void it('claim() finds the only free address by the label of its block', async () => {
    const pool = await filledPool(
      (block, index, taken) => (isFree(block, index) ? unusedSlot : taken),
      (block) => (block === 30 ? 'open' : 'full'),
    );
    const agent = await cluster.agent('here', { proofBackoffMs: 0 });
    assert.equal(await take(agent, pool, 'a'), '7.135');
    assert.equal(
      (await refused(agent.ledger, claimantOf('b', undefined, 'here'), [wantOf('eth0', [pool])])).length,
      1,
    );
    const [usage] = await agent.ledger.usage([pool]);
    assert.deepEqual(usage, {
      pool: pool.name,
      allocated: BLOCKS * SLOTS,
      outside: 0,
      cooling: 0,
      suspect: 0,
      free: 0n,
    });
    await agent.ledger.release(releaseOf('a', 'eth0'));
    assert.equal(await take(agent, pool, 'b'), '7.135');
    await agent.ledger.release(releaseOf('b', 'eth0'));
    await agent.crash();
  });

  void it('claim() finds a free address although every label says that there is none', async () => {
    const pool = await filledPool((block, index, taken) => (isFree(block, index) ? unusedSlot : taken));
    const agent = await cluster.agent('here', { proofBackoffMs: 0 });
    assert.equal(await take(agent, pool, 'a'), '7.135');
    await agent.ledger.release(releaseOf('a', 'eth0'));
    await agent.crash();
  });

  void it('claim() uses a block that does not exist before it shares those of others', async () => {
    const pool = await filledPool((block, _index, taken) => (block === 35 ? 'no block' : taken));
    const agent = await cluster.agent('here', { proofBackoffMs: 0 });
    assert.equal(await take(agent, pool, 'a'), '8.192');
    await agent.ledger.release(releaseOf('a', 'eth0'));
    await agent.crash();
  });

  void it('claim() takes addresses that cool, of a few blocks, before it calls a pool exhausted', async () => {
    const pool = await filledPool(
      (block, index, taken) => (cools(block, index) ? encodeFreed(taken, Date.now(), false) : taken),
      (block) => (block >= 36 ? 'open' : 'full'),
    );
    const slow = { ...pool, reuseDelayMs: HOUR_MS };
    const agent = await cluster.agent('here', { proofBackoffMs: 0 });
    const pods = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const given = await Promise.all(pods.map(async (pod) => take(agent, slow, pod)));
    assert.equal(new Set(given).size, 12);
    assert.equal(
      (await refused(agent.ledger, claimantOf('late', undefined, 'here'), [wantOf('eth0', [slow])])).length,
      1,
    );
    for (const pod of pods) await agent.ledger.release(releaseOf(pod, 'eth0'));
    await agent.crash();
  });

  void it('records() reads page by page through many blocks', async () => {
    const pool = await filledPool((block, index, taken) =>
      block % 2 === 0 && index > 60 ? unusedSlot : taken,
    );
    const agent = await cluster.agent('here');
    const found: AllocationRecord[] = [];
    for (let last: AllocationRecord | undefined; ; last = found.at(-1)) {
      const page = await agent.ledger.records(
        { pool: pool.name },
        { limit: 500, ...(last && { after: last.address }) },
      );
      found.push(...page);
      if (page.length < 500) break;
    }
    assert.equal(found.length, BLOCKS * SLOTS - (BLOCKS / 2) * 3);
    assert.deepEqual(
      found,
      found.toSorted((a, b) => Number(a.address) - Number(b.address)),
    );
    await agent.crash();
  });
});
