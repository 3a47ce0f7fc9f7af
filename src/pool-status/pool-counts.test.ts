import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { poolFixture } from '../api/testing/resources.ts';
import type { Address } from '../ip/address.ts';
import { RangeSet } from '../ip/range-set.ts';
import { buildCatalog } from '../ipam/catalog.ts';
import { SUSPECT_REST_MS } from '../ipam/choose.ts';
import { compilePool } from '../ipam/compile-pool.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import { Block } from '../ledger/blocks/block.ts';
import { blockName, SLOTS, slotAddress } from '../ledger/blocks/block-name.ts';
import { encodeFreed, encodeRecord, type RawSlot, unusedSlot } from '../ledger/blocks/slot.ts';
import { PoolReading } from '../ledger/blocks/slot-class.ts';
import { holderOf, ip, START_MS } from '../ledger/contract/fixtures.ts';
import { MARK_LIFE_MS } from '../ledger/pool-state.ts';
import { PoolCounts } from './pool-counts.ts';

const bases: readonly Address[] = ['10.6.0.0', '10.6.0.64', '10.6.1.0', 'fd00:6::', 'fd00:6::7:0'].map(ip);

const ranges: Readonly<Record<string, readonly (readonly string[])[]>> = {
  small: [['10.6.0.10-10.6.0.20'], ['10.6.0.10-10.6.0.70'], []],
  // Overlaps the small one.
  large: [['10.6.0.15-10.6.1.200'], ['10.6.0.60-10.6.0.61', '10.6.1.0-10.6.1.63']],
  six: [['fd00:6::1-fd00:6::ffff:ffff:ffff:ffff'], ['fd00:6::1-fd00:6::4']],
};
const names = Object.keys(ranges);

/** How a slot is used: by a pool, or freed so long ago as suspect or not. */
type Use = 'unused' | 'unreadable' | { readonly pool: string; readonly freed?: readonly [number, boolean] };

type Step =
  | { readonly kind: 'block'; readonly base: Address; readonly uses: readonly Use[] | undefined }
  | { readonly kind: 'pools'; readonly ips: readonly (readonly string[] | undefined)[] }
  | { readonly kind: 'time'; readonly ms: number };

const useArb: fc.Arbitrary<Use> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Use>('unused') },
  { weight: 1, arbitrary: fc.constant<Use>('unreadable') },
  { weight: 4, arbitrary: fc.constantFrom(...names, 'gone').map((pool) => ({ pool })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.integer({ min: -60_000, max: 800_000 }), fc.boolean())
      .map(([pool, agoMs, suspect]) => ({ pool, freed: [agoMs, suspect] as const })),
  },
);

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('block' as const),
    base: fc.constantFrom(...bases),
    uses: fc.option(fc.array(useArb, { minLength: SLOTS, maxLength: SLOTS }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('pools' as const),
    ips: fc.tuple(...names.map((name) => fc.constantFrom(...(ranges[name] ?? []), undefined))),
  }),
  fc.record({
    kind: fc.constant('time' as const),
    ms: fc.oneof(fc.integer({ min: 0, max: 700_000 }), fc.constant(-3_600_000)),
  }),
);

function rawOf(address: Address, use: Use, nowMs: number): RawSlot {
  if (use === 'unused') return unusedSlot;
  if (use === 'unreadable') return { what: 'ever' };
  const { pool, freed } = use;
  const record = encodeRecord({
    address,
    pool,
    network: 'n',
    nic: 'eth0',
    sinceMs: 0,
    holders: [holderOf('a')],
  });
  return freed === undefined ? record : encodeFreed(record, nowMs - freed[0], freed[1]);
}

function blockOf(base: Address, uses: readonly Use[], nowMs: number): Block {
  const slots = uses.map((use, index) => rawOf(slotAddress(base, index), use, nowMs));
  const object = { metadata: { name: blockName(base), resourceVersion: '1' }, spec: { slots } };
  return Block.parse(object, () => undefined) ?? assert.fail('no block');
}

function catalogOf(ips: readonly (readonly string[] | undefined)[], before?: PoolCatalog): PoolCatalog {
  const pools = names.flatMap((name, index) => {
    const own = ips[index];
    if (own === undefined) return [];
    const subnet = name === 'six' ? 'fd00:6::/64' : '10.6.0.0/16';
    const spec = { ipVersion: name === 'six' ? 6 : 4, subnet, ips: own } as const;
    return [compilePool(poolFixture(spec, { name }))];
  });
  const reserved = {
    4: RangeSet.of(4, [{ start: ip('10.6.0.12'), end: ip('10.6.0.13') }]),
    6: RangeSet.empty(6),
  };
  return buildCatalog(pools, reserved, before);
}

describe('PoolCounts', () => {
  test('PoolCounts always says what a reading of all blocks says', () => {
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 12 }), (steps) => {
        const counts = new PoolCounts();
        const blocks = new Map<string, Block>();
        let nowMs = START_MS;
        let catalog = catalogOf([]);
        for (const step of steps) {
          const before = new Map(names.map((name) => [name, counts.use(name)]));
          let changed: ReadonlySet<string>;
          if (step.kind === 'time') {
            nowMs += step.ms;
            changed = counts.settle(nowMs);
          } else if (step.kind === 'pools') {
            catalog = catalogOf(step.ips, catalog);
            changed = counts.setPools(catalog, nowMs);
          } else {
            const name = blockName(step.base);
            const block = step.uses && blockOf(step.base, step.uses, nowMs);
            if (block === undefined) blocks.delete(name);
            else blocks.set(name, block);
            changed = counts.setBlock(name, block, nowMs);
          }
          for (const name of names) {
            if (!changed.has(name))
              assert.deepEqual(counts.use(name), before.get(name), `${name} was not told`);
          }
          for (const { range } of catalog.pools) {
            const reading = new PoolReading(range, nowMs);
            for (const block of blocks.values()) reading.add(block);
            const { pool, ...usage } = reading.state().usage();
            const { free, allocated, outside, cooling, suspect } = counts.use(pool);
            assert.deepEqual({ allocated, outside, cooling, suspect, free }, usage, pool);
          }
          assert.equal(counts.settlesMs > nowMs, true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('PoolCounts.records() gives the records of a pool, those of one that is not there included', () => {
    const counts = new PoolCounts();
    const base = ip('10.6.0.0');
    const uses = Array.from({ length: SLOTS }, (_, index): Use => (index < 3 ? { pool: 'gone' } : 'unused'));
    counts.setBlock(blockName(base), blockOf(base, uses, START_MS), START_MS);
    const found = [...counts.records('gone')].map(({ address }) => address);
    assert.deepEqual(
      found,
      [0, 1, 2].map((index) => slotAddress(base, index)),
    );
    assert.equal(counts.use('gone').allocated, 3);
    counts.setBlock(blockName(base), undefined, START_MS);
    assert.deepEqual([...counts.records('gone')], []);
  });

  test('PoolCounts.use() withholds a suspect address as long as nobody gets it', () => {
    const counts = new PoolCounts();
    const base = ip('10.6.0.0');
    counts.setPools(catalogOf([['10.6.0.0-10.6.0.63'], undefined, undefined]), START_MS);
    const uses = Array.from(
      { length: SLOTS },
      (_, index): Use => (index === 20 ? { pool: 'small', freed: [0, true] } : 'unused'),
    );
    counts.setBlock(blockName(base), blockOf(base, uses, START_MS), START_MS);
    assert.equal(counts.use('small').withheld, 1);
    assert.equal(counts.settlesMs, START_MS + SUSPECT_REST_MS);
    assert.deepEqual([...counts.settle(START_MS + SUSPECT_REST_MS)], ['small']);
    const { withheld, suspect } = counts.use('small');
    assert.deepEqual([withheld, suspect], [0, 1]);
    assert.equal(counts.settlesMs, START_MS + MARK_LIFE_MS);
    assert.deepEqual([...counts.settle(START_MS + MARK_LIFE_MS)], ['small']);
    assert.equal(counts.use('small').suspect, 0);
  });

  test('PoolCounts.reuseDelayMs() is that of the most patient pool of a block', () => {
    const counts = new PoolCounts();
    const base = ip('10.6.0.0');
    const patient = poolFixture(
      { ips: ['10.6.0.1'] },
      { name: 'patient', annotations: { 'ipam.spidernet.io/reuse-delay': '1h' } },
    );
    const pools = [compilePool(patient), compilePool(poolFixture({ ips: ['10.6.0.2'] }, { name: 'hasty' }))];
    counts.setBlock(blockName(base), blockOf(base, [], START_MS), START_MS);
    assert.equal(counts.reuseDelayMs(blockName(base)), 0);
    counts.setPools(buildCatalog(pools, { 4: RangeSet.empty(4), 6: RangeSet.empty(6) }), START_MS);
    assert.equal(counts.reuseDelayMs(blockName(base)), 3_600_000);
  });
});
