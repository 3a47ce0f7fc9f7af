import type { Logger } from '../../log/logger.ts';
import type { BlockApi } from './block-api.ts';
import type { BlockCache } from './block-cache.ts';
import type { OwnRecords } from './own-records.ts';

/** What the parts of a block ledger share. */
export interface LedgerParts {
  readonly api: BlockApi;
  readonly cache: BlockCache;
  readonly own: OwnRecords;
  readonly nodeName: string;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Where this node begins in a pool: from 0 to 1, 1 excluded. */
  readonly place: number;
  /** The slot at which this node begins in a block. */
  readonly offset: number;
  /** The longest rest between two proofs that a pool is exhausted, in milliseconds. */
  readonly proofRestMsMax: number;
  /** Aborted when the ledger gives up what is under way. */
  readonly closing: AbortSignal;
  readonly log: Logger | undefined;
}
