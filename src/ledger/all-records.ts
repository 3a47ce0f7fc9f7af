import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger, RecordFilter } from './ledger.ts';
import type { AllocationRecord, Holder } from './record.ts';

/** Records that are held at once: a page takes a millisecond or two. */
const pageLimit = 200;

/**
 * Reads all records that match, a page at a time, and lets the event loop turn between pages: not one instant's picture,
 * but none that stands all the time is missed. Only one page is held.
 */
export async function* recordPages(
  ledger: Ledger,
  filter: RecordFilter,
): AsyncGenerator<readonly AllocationRecord[], void, undefined> {
  for (let last: AllocationRecord | undefined; ; ) {
    const page = await ledger.records(filter, { limit: pageLimit, ...(last && { after: last.address }) });
    if (page.length > 0) yield page;
    if (page.length < pageLimit) return;
    last = page.at(-1);
    await nextTurn();
  }
}

/** As `recordPages`, in one list: for filters that match few. */
export async function allRecords(ledger: Ledger, filter: RecordFilter): Promise<AllocationRecord[]> {
  const all: AllocationRecord[] = [];
  for await (const page of recordPages(ledger, filter)) all.push(...page);
  return all;
}

/** Each holder of these records, with its record. */
export function holdersOf(
  records: readonly AllocationRecord[],
): (readonly [record: AllocationRecord, holder: Holder])[] {
  return records.flatMap((record) => record.holders.map((holder) => [record, holder] as const));
}
