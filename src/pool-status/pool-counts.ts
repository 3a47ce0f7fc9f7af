import type { PoolCatalog } from '../ipam/pool.ts';
import type { PoolRange } from '../ipam/want.ts';
import type { Block } from '../ledger/blocks/block.ts';
import { blockName } from '../ledger/blocks/block-name.ts';
import { PoolBlocks } from '../ledger/blocks/pool-blocks.ts';
import type { AllocationRecord } from '../ledger/record.ts';
import { addCounts, type BlockTally, noCounts, type TallyCounts, tallyOf } from './block-tally.ts';

/** How the addresses of a pool are used. */
export interface PoolUse extends TallyCounts {
  /** Eligible addresses that can be given and do not rest. */
  readonly free: bigint;
}

interface PoolEntry {
  readonly name: string;
  range: PoolRange | undefined;
  /** Where the eligible addresses lie; undefined for a pool of which nothing but its records is known. */
  place: PoolBlocks | undefined;
  /** By name of the block; only of blocks that have something to say. */
  readonly tallies: Map<string, BlockTally>;
  counts: TallyCounts;
  /** No tally changes by itself before this time, in milliseconds since the epoch. */
  changesMs: number;
}

interface BlockEntry {
  readonly block: Block;
  /** Pools whose eligible addresses meet the block. */
  readonly covering: ReadonlySet<PoolEntry>;
}

/** Counts of blocks which a change of the clock by less does not make wrong. */
const clockStepMs = 1_000;

/**
 * How the addresses of all pools are used, kept up to date block by block: a change costs the slots of one block for each pool that it
 * concerns, whatever the size of the pools. Every method that changes something tells the names of the pools that count differently.
 */
export class PoolCounts {
  readonly #pools = new Map<string, PoolEntry>();
  readonly #blocks = new Map<string, BlockEntry>();
  /** The time of the latest counting. */
  #latestMs = Number.NEGATIVE_INFINITY;

  /** Puts the pools in force. What stands in a catalogue as before ({@link PoolRange} is the same object) costs nothing. */
  setPools(catalog: PoolCatalog, nowMs: number): ReadonlySet<string> {
    const changed = new Set<string>();
    for (const { name } of this.#pools.values()) {
      if (!catalog.byName.has(name)) this.#setRange(name, undefined, nowMs, changed);
    }
    for (const { range } of catalog.pools) this.#setRange(range.name, range, nowMs, changed);
    return changed;
  }

  /** Notes what a block is now; undefined when it is gone. */
  setBlock(name: string, block: Block | undefined, nowMs: number): ReadonlySet<string> {
    const changed = new Set<string>();
    const before = this.#blocks.get(name);
    if (block === undefined) this.#blocks.delete(name);
    else this.#blocks.set(name, { block, covering: before?.covering ?? this.#covering(block) });
    for (const entry of this.#concerned(before)) this.#tally(entry, name, nowMs, changed);
    for (const entry of this.#concerned(this.#blocks.get(name))) this.#tally(entry, name, nowMs, changed);
    return changed;
  }

  /** Counts again what has got better by the mere passing of time, and everything when the clock was set back. */
  settle(nowMs: number): ReadonlySet<string> {
    const changed = new Set<string>();
    const isSetBack = nowMs < this.#latestMs - clockStepMs;
    this.#latestMs = nowMs;
    if (isSetBack) {
      for (const [name, known] of this.#blocks) {
        for (const entry of this.#concerned(known)) this.#tally(entry, name, nowMs, changed);
      }
    }
    for (const entry of this.#pools.values())
      if (entry.changesMs <= nowMs) this.#settle(entry, nowMs, changed);
    return changed;
  }

  /** {@link settle} finds nothing before this time, in milliseconds since the epoch; infinity when it never does. */
  get settlesMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { changesMs } of this.#pools.values()) next = Math.min(next, changesMs);
    return next;
  }

  use(pool: string): PoolUse {
    const entry = this.#pools.get(pool);
    const counts = entry?.counts ?? noCounts;
    const busy = counts.taken + counts.cooling + counts.suspect;
    return { ...counts, free: (entry?.range?.eligible.size ?? 0n) - BigInt(busy) };
  }

  /** The records that name a pool, in no order. */
  *records(pool: string): Generator<AllocationRecord, void, undefined> {
    for (const [name, { allocated }] of this.#pools.get(pool)?.tallies ?? []) {
      if (allocated === 0) continue;
      for (const { record } of this.#blocks.get(name)?.block.records() ?? []) {
        if (record.pool === pool) yield record;
      }
    }
  }

  /** The longest reuse delay of the pools that cover a block, in milliseconds; 0 without any. */
  reuseDelayMs(block: string): number {
    let longestMs = 0;
    for (const { range } of this.#blocks.get(block)?.covering ?? []) {
      longestMs = Math.max(longestMs, range?.reuseDelayMs ?? 0);
    }
    return longestMs;
  }

  #setRange(name: string, range: PoolRange | undefined, nowMs: number, changed: Set<string>): void {
    if (range === undefined && !this.#pools.has(name)) return;
    const entry = this.#entry(name);
    if (entry.range === range) return;
    changed.add(name);
    const concerned = new Set(entry.tallies.keys());
    if (entry.range?.eligible !== range?.eligible) {
      for (const block of this.#covered(entry)) this.#cover(block, entry, false);
      entry.place = range && new PoolBlocks(range.eligible);
      for (const block of this.#covered(entry)) {
        this.#cover(block, entry, true);
        concerned.add(block);
      }
    }
    entry.range = range;
    for (const block of concerned) this.#tally(entry, block, nowMs, changed);
    this.#drop(entry);
  }

  /** Names of the known blocks in which eligible addresses lie. Nothing is enumerated that is larger than the number of blocks. */
  *#covered({ place }: PoolEntry): Generator<string, void, undefined> {
    if (place === undefined) return;
    if (place.count > BigInt(this.#blocks.size)) {
      for (const [name, { block }] of this.#blocks) if (place.indexOf(block.base) !== undefined) yield name;
      return;
    }
    for (const base of place.ring(0n)) {
      const name = blockName(base);
      if (this.#blocks.has(name)) yield name;
    }
  }

  #cover(name: string, entry: PoolEntry, isCovered: boolean): void {
    const known = this.#blocks.get(name);
    if (known === undefined) return;
    const covering = new Set(known.covering);
    if (isCovered) covering.add(entry);
    else covering.delete(entry);
    this.#blocks.set(name, { block: known.block, covering });
  }

  #covering({ base }: Block): ReadonlySet<PoolEntry> {
    return new Set([...this.#pools.values()].filter(({ place }) => place?.indexOf(base) !== undefined));
  }

  /** The pools that cover a block, and those that its records name. */
  #concerned(known: BlockEntry | undefined): ReadonlySet<PoolEntry> {
    const concerned = new Set(known?.covering);
    for (const { record } of known?.block.records() ?? []) concerned.add(this.#entry(record.pool));
    return concerned;
  }

  #settle(entry: PoolEntry, nowMs: number, changed: Set<string>): void {
    entry.changesMs = Number.POSITIVE_INFINITY;
    for (const [name, { changesMs }] of entry.tallies) {
      if (changesMs <= nowMs) this.#tally(entry, name, nowMs, changed);
      else entry.changesMs = Math.min(entry.changesMs, changesMs);
    }
  }

  #tally(entry: PoolEntry, name: string, nowMs: number, changed: Set<string>): void {
    this.#latestMs = Math.max(this.#latestMs, nowMs);
    const before = entry.tallies.get(name);
    const known = this.#blocks.get(name);
    const now = known && tallyOf(known.block, entry.name, entry.range, nowMs);
    if (before !== undefined) entry.counts = addCounts(entry.counts, before, -1);
    if (now === undefined || isNothing(now)) entry.tallies.delete(name);
    else {
      entry.tallies.set(name, now);
      entry.counts = addCounts(entry.counts, now, 1);
      entry.changesMs = Math.min(entry.changesMs, now.changesMs);
    }
    // What records say may differ even where the counts don't.
    changed.add(entry.name);
    this.#drop(entry);
  }

  #entry(name: string): PoolEntry {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const entry: PoolEntry = {
      name,
      range: undefined,
      place: undefined,
      tallies: new Map(),
      counts: noCounts,
      changesMs: Number.POSITIVE_INFINITY,
    };
    this.#pools.set(name, entry);
    return entry;
  }

  /** Forgets a pool that is neither there nor named by a record. */
  #drop({ name, range, tallies }: PoolEntry): void {
    if (range === undefined && tallies.size === 0) this.#pools.delete(name);
  }
}

function isNothing({ allocated, taken, cooling, suspect }: BlockTally): boolean {
  return allocated === 0 && taken === 0 && cooling === 0 && suspect === 0;
}
