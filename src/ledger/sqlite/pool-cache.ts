import type { Address } from '../../ip/address.ts';
import { RangeIndex } from '../../ip/range-index.ts';
import type { PoolRange } from '../../ipam/want.ts';
import { MARK_LIFE_MS, PoolState } from '../pool-state.ts';
import type { AllocationRecord } from '../record.ts';
import { RestQueue } from '../rest-queue.ts';
import type { RecordStore } from './record-store.ts';
import type { ReleasedStore } from './released-store.ts';

/** Pools whose state is kept; more than a node serves, so that only those of deleted pools are ever dropped. */
const POOLS_MAX = 1024;

/**
 * The states of the pools that are in use, read from the store when a pool is first asked for. Every change of a
 * record is told to all of them, because pools may overlap: an address is global.
 */
export class PoolCache {
  readonly #records: RecordStore;
  readonly #released: ReleasedStore;
  /** By name, the least recently used first. */
  readonly #states = new Map<string, PoolState>();
  #nowMs = Number.NEGATIVE_INFINITY;
  #longestDelayMs = MARK_LIFE_MS;

  constructor(records: RecordStore, released: ReleasedStore) {
    this.#records = records;
    this.#released = released;
  }

  /** How long a mark of a release may still matter, in milliseconds. */
  get markLifeMs(): number {
    return this.#longestDelayMs;
  }

  /** The state of a pool at this time. */
  state(range: PoolRange, nowMs: number): PoolState {
    this.#observe(nowMs);
    const known = this.#states.get(range.name);
    const state = known?.matches(range) === true ? known : this.#read(range, nowMs);
    this.#states.delete(range.name);
    this.#states.set(range.name, state);
    this.#dropUnused();
    state.settle(nowMs);
    return state;
  }

  /** A record was written for an address that had none. */
  allocated(record: AllocationRecord): void {
    this.#states.get(record.pool)?.count(record.address, 1);
    for (const state of this.#eligibleAt(record.address)) state.take(record.address);
  }

  /** A record was removed. */
  freed(record: AllocationRecord, freedMs: number, suspect: boolean): void {
    this.#observe(freedMs);
    this.#states.get(record.pool)?.count(record.address, -1);
    for (const state of this.#eligibleAt(record.address)) state.rest(record.address, freedMs, suspect);
  }

  /** Forgets everything: the store holds something else than what was derived from it. */
  drop(): void {
    this.#states.clear();
  }

  *#eligibleAt(address: Address): Generator<PoolState, void, undefined> {
    for (const state of this.#states.values()) if (state.isEligible(address)) yield state;
  }

  #observe(nowMs: number): void {
    if (nowMs < this.#nowMs) for (const state of this.#states.values()) state.clamp(nowMs);
    this.#nowMs = nowMs;
  }

  #dropUnused(): void {
    if (this.#states.size <= POOLS_MAX) return;
    for (const name of this.#states.keys()) {
      this.#states.delete(name);
      return;
    }
  }

  #read(range: PoolRange, nowMs: number): PoolState {
    this.#longestDelayMs = Math.max(this.#longestDelayMs, range.reuseDelayMs);
    const { eligible, family, name } = range;
    const free = new RangeIndex(family, eligible);
    let takenOfPool = 0;
    const low = eligible.first();
    const high = eligible.last();
    const cooling = new RestQueue();
    const suspect = new RestQueue();
    if (low !== undefined && high !== undefined) {
      this.#records.forEachBetween(low, high, name, (address, isOfPool) => {
        if (!free.delete(address)) return;
        if (isOfPool) takenOfPool++;
      });
      const sinceMs = nowMs - Math.max(MARK_LIFE_MS, range.reuseDelayMs);
      this.#released.forEachBetween(low, high, sinceMs, nowMs, (mark) => {
        if (free.delete(mark.address)) (mark.suspect ? suspect : cooling).push(mark.address, mark.freedMs);
      });
    }
    const allocated = this.#records.countOfPool(name);
    return new PoolState({ range, free, cooling, suspect, allocated, outside: allocated - takenOfPool });
  }
}
