import { isSuspectUsable, SUSPECT_REST_MS } from '../ipam/choose.ts';
import type { PoolRange } from '../ipam/want.ts';
import type { Block } from '../ledger/blocks/block.ts';
import { SLOTS, slotAddress } from '../ledger/blocks/block-name.ts';
import { classOf } from '../ledger/blocks/slot-class.ts';
import { MARK_LIFE_MS } from '../ledger/pool-state.ts';

/** What one block says of one pool at a moment. */
export interface BlockTally {
  /** Records that name the pool. */
  readonly allocated: number;
  /** Those of them whose address is not eligible. */
  readonly outside: number;
  /** Eligible addresses that can't be had, whichever pool's they are, those among them that can't be read. */
  readonly taken: number;
  readonly cooling: number;
  readonly suspect: number;
  /** Suspect addresses that nobody gets yet. */
  readonly withheld: number;
  /** When an address gets better by the mere passing of time, in milliseconds since the epoch; infinity when none does. */
  readonly changesMs: number;
}

/** The counts of a {@link BlockTally}. */
export type TallyCounts = Omit<BlockTally, 'changesMs'>;

/** Nothing counted yet. */
export const noCounts: TallyCounts = {
  allocated: 0,
  outside: 0,
  taken: 0,
  cooling: 0,
  suspect: 0,
  withheld: 0,
};

/**
 * Counts a block for a pool.
 *
 * @param range undefined for a pool of which nothing but its records is known
 */
export function tallyOf(block: Block, pool: string, range: PoolRange | undefined, nowMs: number): BlockTally {
  const counts = { ...noCounts };
  let changesMs = Number.POSITIVE_INFINITY;
  for (let index = 0; index < SLOTS; index++) {
    const slot = block.slot(index);
    if (slot.kind === 'unused') continue;
    const isOfPool = slot.kind === 'record' && slot.record.pool === pool;
    if (isOfPool) counts.allocated++;
    if (range === undefined) continue;
    if (!range.eligible.contains(slotAddress(block.base, index))) {
      if (isOfPool) counts.outside++;
      continue;
    }
    const ofClass = classOf(slot, range, nowMs);
    if (ofClass === 'free') continue;
    counts[ofClass]++;
    if (slot.kind !== 'freed') continue;
    const { freedMs } = slot.released;
    const isWithheld = ofClass === 'suspect' && !isSuspectUsable(freedMs, nowMs);
    if (isWithheld) counts.withheld++;
    const endsMs = freedMs + restMsOf(ofClass === 'suspect', isWithheld, range.reuseDelayMs);
    changesMs = Math.min(changesMs, endsMs);
  }
  return { ...counts, changesMs };
}

function restMsOf(isSuspect: boolean, isWithheld: boolean, reuseDelayMs: number): number {
  if (!isSuspect) return reuseDelayMs;
  return isWithheld ? SUSPECT_REST_MS : Math.max(MARK_LIFE_MS, reuseDelayMs);
}

/** Adds counts, or takes them away again. */
export function addCounts(to: TallyCounts, counts: TallyCounts, sign: 1 | -1): TallyCounts {
  return {
    allocated: to.allocated + sign * counts.allocated,
    outside: to.outside + sign * counts.outside,
    taken: to.taken + sign * counts.taken,
    cooling: to.cooling + sign * counts.cooling,
    suspect: to.suspect + sign * counts.suspect,
    withheld: to.withheld + sign * counts.withheld,
  };
}
