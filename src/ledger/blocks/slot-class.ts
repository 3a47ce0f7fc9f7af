import type { Address } from '../../ip/address.ts';
import { RangeIndex } from '../../ip/range-index.ts';
import type { AddressRun, ChoiceClass, RestingAddress } from '../../ipam/choose.ts';
import type { PoolRange } from '../../ipam/want.ts';
import { MARK_LIFE_MS, PoolState } from '../pool-state.ts';
import { RestQueue } from '../rest-queue.ts';
import type { Block } from './block.ts';
import { SLOTS, slotAddress } from './block-name.ts';
import type { Slot } from './slot.ts';

/** How good a slot's address is for a pool now; `taken` when it may not be given. A release in the future counts as one of now. */
export function classOf(slot: Slot, { reuseDelayMs }: PoolRange, nowMs: number): ChoiceClass | 'taken' {
  if (slot.kind === 'unused') return 'free';
  if (slot.kind !== 'freed') return 'taken';
  const restMs = Math.max(0, nowMs - slot.released.freedMs);
  if (slot.released.suspect) return restMs >= Math.max(MARK_LIFE_MS, reuseDelayMs) ? 'free' : 'suspect';
  return restMs >= reuseDelayMs ? 'free' : 'cooling';
}

/** The free addresses of a pool in one block, as a run to choose from. Resting ones are left to a look at the whole pool. */
export function freeRun(
  block: Block,
  pool: PoolRange,
  nowMs: number,
  isBusy: (index: number) => boolean,
): AddressRun | undefined {
  const free: Address[] = [];
  for (let index = 0; index < SLOTS; index++) {
    const address = slotAddress(block.base, index);
    if (isBusy(index) || !pool.eligible.contains(address)) continue;
    if (classOf(block.slot(index), pool, nowMs) === 'free') free.push(address);
  }
  const [first] = free;
  if (first === undefined) return undefined;
  return {
    family: pool.family,
    free: { first: () => first, nextFrom: (start) => free.find((address) => address >= start) ?? first },
    cooling: [],
    suspect: [],
  };
}

/** The state of a pool while its blocks are read one after the other. */
export class PoolReading {
  readonly #pool: PoolRange;
  readonly #nowMs: number;
  readonly #free: RangeIndex;
  readonly #cooling: RestingAddress[] = [];
  readonly #suspect: RestingAddress[] = [];
  #allocated = 0;
  #outside = 0;

  /** @param free the addresses that count as free where no block says otherwise @default all that are eligible */
  constructor(pool: PoolRange, nowMs: number, free = pool.eligible) {
    this.#pool = pool;
    this.#nowMs = nowMs;
    this.#free = new RangeIndex(pool.family, free);
  }

  /** Adds what a block says. Each block once. */
  add(block: Block): void {
    for (let index = 0; index < SLOTS; index++) {
      const slot = block.slot(index);
      if (slot.kind === 'unused') continue;
      const address = slotAddress(block.base, index);
      const isOfPool = slot.kind === 'record' && slot.record.pool === this.#pool.name;
      if (isOfPool) this.#allocated++;
      if (!this.#pool.eligible.contains(address)) {
        if (isOfPool) this.#outside++;
        continue;
      }
      const ofClass = classOf(slot, this.#pool, this.#nowMs);
      if (ofClass === 'free') continue;
      this.#free.delete(address);
      if (ofClass === 'taken' || slot.kind !== 'freed') continue;
      const freedMs = Math.min(slot.released.freedMs, this.#nowMs);
      (ofClass === 'cooling' ? this.#cooling : this.#suspect).push({ address, freedMs });
    }
  }

  /** The state after all blocks were added. */
  state(): PoolState {
    return new PoolState({
      range: this.#pool,
      free: this.#free,
      cooling: queueOf(this.#cooling),
      suspect: queueOf(this.#suspect),
      allocated: this.#allocated,
      outside: this.#outside,
    });
  }
}

/** Corrects a pool's state by a later reading of one block. */
export function correct(state: PoolState, block: Block, pool: PoolRange, nowMs: number): void {
  for (let index = 0; index < SLOTS; index++) {
    const address = slotAddress(block.base, index);
    if (!pool.eligible.contains(address)) continue;
    const slot = block.slot(index);
    const ofClass = classOf(slot, pool, nowMs);
    if (ofClass === 'free') continue;
    state.take(address);
    if (ofClass === 'taken' || slot.kind !== 'freed') continue;
    state.rest(address, Math.min(slot.released.freedMs, nowMs), ofClass === 'suspect');
  }
}

function queueOf(resting: readonly RestingAddress[]): RestQueue {
  const queue = new RestQueue();
  // The sort is stable and blocks come in address order.
  for (const { address, freedMs } of resting.toSorted((a, b) => a.freedMs - b.freedMs))
    queue.push(address, freedMs);
  return queue;
}
