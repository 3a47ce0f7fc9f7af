import type { AllocationRecord, Holder } from '../record.ts';
import { isSameAllocation, sameHolder } from '../record-equality.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { LedgerParts } from './ledger-parts.ts';
import type { RecordWriter } from './record-writer.ts';

/**
 * Writes into a holder that its namespace outlives its pod, if both still are as they were read.
 * @returns the record with the mark; undefined when the holder does not stand any more
 */
export async function markOutliving(
  { cache, own }: LedgerParts,
  writer: RecordWriter,
  { record, holder }: { readonly record: AllocationRecord; readonly holder: Holder },
): Promise<AllocationRecord | undefined> {
  const { address } = record;
  const isMeant = (it: Holder): boolean => sameHolder(it, holder);
  for (let before = own.at(address)?.record; ; ) {
    if (before === undefined || !isSameAllocation(before, record)) return undefined;
    const marked = before.holders.find(isMeant);
    if (marked === undefined) return undefined;
    if (marked.outlivesPod) return before;
    const holders = before.holders.map((it) => (isMeant(it) ? { ...it, outlivesPod: true as const } : it));
    const result = await writer.replace(before, { ...before, holders }, { restores: false });
    if (result.kind === 'done') return result.record;
    writer.noteChanged(address, result.slot);
    const slot = (await cache.writer(blockBase(address)).load()).slot(slotIndex(address));
    before = slot.kind === 'record' ? slot.record : undefined;
  }
}
