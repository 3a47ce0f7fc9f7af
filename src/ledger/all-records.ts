import type { Ledger, RecordFilter } from './ledger.ts';
import type { AllocationRecord } from './record.ts';

/** Records that are read at once. */
const pageLimit = 5_000;

/** Reads all records that match, page after page: not one instant's picture, but none that stands all the time is missed. */
export async function allRecords(ledger: Ledger, filter: RecordFilter): Promise<AllocationRecord[]> {
  const all: AllocationRecord[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await ledger.records(filter, { limit: pageLimit, ...(last && { after: last.address }) });
    all.push(...page);
    if (page.length < pageLimit) return all;
  }
}
