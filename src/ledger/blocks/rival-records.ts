import { familyOf } from '../../ip/address.ts';
import type { Want } from '../../ipam/want.ts';
import type { Claimant } from '../ledger.ts';
import type { AllocationRecord } from '../record.ts';
import { isSameAllocation } from '../record-equality.ts';
import { supersededBy } from '../standing.ts';
import { isEarlier } from './block.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { OwnedRecord } from './block-reader.ts';
import type { Taken } from './record-writer.ts';

/** Whether another record of the same owner serves the same use as a new one, in a pool that is kept. */
export function isRival(
  other: AllocationRecord,
  mine: AllocationRecord,
  claimant: Claimant,
  wants: readonly Want[],
): boolean {
  const isSameUse = other.nic === mine.nic && familyOf(other.address) === familyOf(mine.address);
  if (!isSameUse || other.address === mine.address) return false;
  const want = wants.find((it) => it.nic === mine.nic && it.family === familyOf(mine.address));
  return want !== undefined && supersededBy([other], want, claimant).length === 0;
}

/**
 * Whether another node's record, found after mine was written, was there first, so that its claim may have been answered
 * without a look at mine. Where that can't be told the older one (by time, then by address) counts as first; in the worst case
 * both sides give way and meet again.
 */
export function precedes(other: OwnedRecord, mine: Taken): boolean {
  const { record } = other;
  if (blockBase(record.address) === mine.block.base) {
    const slot = mine.block.slot(slotIndex(record.address));
    return slot.kind === 'record' && isSameAllocation(slot.record, record);
  }
  if (isEarlier(other.resourceVersion, mine.block.resourceVersion)) return true;
  if (record.sinceMs !== mine.record.sinceMs) return record.sinceMs < mine.record.sinceMs;
  return record.address < mine.record.address;
}
