import { blocksLedger, ledgerAnnotation } from './names.ts';
import type { SpiderIPPool } from './resources.ts';

/** A `status.allocatedIPs` without a record. */
const noRecords = /^\s*(?:null|\{\s*\})?\s*$/;

/**
 * Whether `status.allocatedIPs` has a record and nothing says that the records are in blocks. The text is not parsed: it may hold
 * thousands of records, and one that can't be read is rather taken for one that has some.
 */
export function hasOriginalRecords({ metadata, status }: Pick<SpiderIPPool, 'metadata' | 'status'>): boolean {
  if (metadata.annotations?.[ledgerAnnotation] === blocksLedger) return false;
  return !noRecords.test(status?.allocatedIPs ?? '');
}
