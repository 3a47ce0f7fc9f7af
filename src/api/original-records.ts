import { blocksLedger, ledgerAnnotation } from './names.ts';
import type { ObjectMeta, SpiderIPPool } from './resources.ts';

/** A `status.allocatedIPs` without a record. */
const noRecords = /^\s*(?:null|\{\s*\})?\s*$/;

/** Whether a pool is marked as one whose records are in blocks. */
export function isInBlocks({ annotations }: Pick<ObjectMeta, 'annotations'>): boolean {
  return annotations?.[ledgerAnnotation] === blocksLedger;
}

/**
 * Whether `status.allocatedIPs` has a record and nothing says that the records are in blocks. The text is not parsed: it may hold
 * thousands of records, and one that can't be read is rather taken for one that has some.
 */
export function hasOriginalRecords({ metadata, status }: Pick<SpiderIPPool, 'metadata' | 'status'>): boolean {
  if (isInBlocks(metadata)) return false;
  return !noRecords.test(status?.allocatedIPs ?? '');
}
