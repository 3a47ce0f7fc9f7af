import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Address } from '../../ip/address.ts';
import { RangeSet } from '../../ip/range-set.ts';
import type { PoolRange } from '../../ipam/want.ts';
import type { PoolState } from '../pool-state.ts';
import type { Block } from './block.ts';
import { restarting } from './block-api.ts';
import { subnetLabel } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import type { PoolBlocks } from './pool-blocks.ts';
import { fillOf } from './slot-change.ts';
import { freeRun, PoolReading } from './slot-class.ts';
import { toLedgerError } from './to-ledger-error.ts';

/** In a pool of no more blocks a reading of all of them costs no more than to ask which have space. */
const SMALL_POOL_BLOCKS = 16n;
/** Blocks with space that are read at once: at least so many, and not more than so many for all who wait. */
const OPEN_BLOCKS_MIN = 4;
const OPEN_BLOCKS_MAX = 16;
/** Blocks of a whole reading that are kept because they have space. */
const KEPT_BLOCKS_MAX = 64;

/** What a reading of a pool gave. */
export type PoolReadingResult =
  /** Blocks with free addresses are known now. */
  | { readonly kind: 'refreshed' }
  /** How the pool's addresses are used. */
  | { readonly kind: 'state'; readonly reading: StateReading };

/** A reading of the blocks of a pool. */
export interface StateReading {
  readonly state: PoolState;
  /** False when only some blocks were read: what they don't have proves nothing. */
  readonly isWhole: boolean;
  /** Of the index of this node's records when the reading began: what was noted there since is newer. */
  readonly ownVersion: number;
}

/** Reads the blocks of a pool afresh: those that say that they have space, or else all. */
export class PoolReader {
  readonly #range: PoolRange;
  readonly #blocks: PoolBlocks;
  readonly #start: bigint;
  readonly #parts: LedgerParts;

  constructor(range: PoolRange, blocks: PoolBlocks, start: bigint, parts: LedgerParts) {
    this.#range = range;
    this.#blocks = blocks;
    this.#start = start;
    this.#parts = parts;
  }

  /** @param waiting how many search for an address */
  async read(waiting: number): Promise<PoolReadingResult> {
    try {
      await this.#flush();
      const ownVersion = this.#parts.own.version;
      if (this.#blocks.count > SMALL_POOL_BLOCKS) {
        const near = await this.#readOpen(waiting);
        if (near === 'free') return { kind: 'refreshed' };
        if (near !== undefined)
          return { kind: 'state', reading: { state: near, isWhole: false, ownVersion } };
      }
      return { kind: 'state', reading: { state: await this.#readAll(), isWhole: true, ownVersion } };
    } catch (error) {
      throw toLedgerError(error);
    }
  }

  /** What this process is writing was asked for before, and is to be seen. */
  async #flush(): Promise<void> {
    const written: Promise<void>[] = [];
    for (const writer of this.#parts.cache.all()) {
      if (writer.busy.size > 0 && this.#isOfPool(writer.base))
        written.push(writer.written(this.#parts.closing));
    }
    await Promise.all(written);
  }

  /**
   * Reads the nearest blocks that have space by their label, or that do not exist yet. When they have nothing but addresses that rest,
   * those do for as many as wait: in a large pool it would cost too much to look for the one that has rested longest.
   */
  async #readOpen(waiting: number): Promise<'free' | PoolState | undefined> {
    const count = Math.min(Math.max(waiting, OPEN_BLOCKS_MIN), OPEN_BLOCKS_MAX);
    const label = subnetLabel(this.#range.subnet);
    const { api, closing } = this.#parts;
    const nearest = (await api.labels(`${label}=open`, closing))
      .flatMap(({ base }) => {
        const steps = this.#isOfPool(base) ? this.#blocks.stepsFrom(this.#start, base) : undefined;
        return steps === undefined ? [] : [{ base, steps }];
      })
      .sort((a, b) => Number(a.steps - b.steps))
      .slice(0, count);
    const open = await this.#refresh(nearest.map((it) => it.base));
    if (this.#haveSpace(open)) return 'free';
    const existing = new Set((await api.labels(label, closing)).map((it) => it.base));
    if (this.#haveSpace(await this.#refresh(this.#nearestMissing(existing, count)))) return 'free';
    const reading = new PoolReading(this.#range, this.#parts.nowMs(), RangeSet.empty(this.#range.family));
    for (const block of open) reading.add(block);
    const state = reading.state();
    return state.usage().cooling >= waiting ? state : undefined;
  }

  #nearestMissing(existing: ReadonlySet<Address>, count: number): Address[] {
    const missing: Address[] = [];
    if (BigInt(existing.size) >= this.#blocks.count) return missing;
    for (const base of this.#blocks.ring(this.#start)) {
      if (!existing.has(base)) missing.push(base);
      if (missing.length === count) break;
    }
    return missing;
  }

  async #refresh(bases: readonly Address[]): Promise<Block[]> {
    const { cache, closing } = this.#parts;
    return Promise.all(bases.map(async (base) => cache.writer(base).refresh(closing)));
  }

  #haveSpace(blocks: readonly Block[]): boolean {
    const { cache, nowMs } = this.#parts;
    return blocks.some((block) => {
      const isBusy = (index: number): boolean => cache.peek(block.base)?.busy.has(index) === true;
      return freeRun(block, this.#range, nowMs(), isBusy) !== undefined;
    });
  }

  /** Blocks that the list does not show were never used. */
  async #readAll(): Promise<PoolState> {
    const { api, closing, nowMs } = this.#parts;
    return restarting(async () => {
      const reading = new PoolReading(this.#range, nowMs());
      let kept = 0;
      for await (const page of api.list(subnetLabel(this.#range.subnet), closing)) {
        for (const block of page) {
          reading.add(block);
          if (this.#keep(block, kept < KEPT_BLOCKS_MAX)) kept++;
        }
        await nextTurn();
      }
      return reading.state();
    });
  }

  /** Blocks that are known must not be older than the state; some with space are worth to be known. */
  #keep(block: Block, isRoom: boolean): boolean {
    const { cache } = this.#parts;
    const known = cache.peek(block.base);
    known?.observe(block);
    if (known !== undefined || !isRoom || !this.#isOfPool(block.base)) return false;
    if (fillOf(block, this.#range, []) === 'full') return false;
    cache.observe(block);
    return true;
  }

  #isOfPool(base: Address): boolean {
    return typeof base === typeof this.#range.subnet.network && this.#blocks.indexOf(base) !== undefined;
  }
}
