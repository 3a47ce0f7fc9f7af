import type { ClusterReadings } from './cluster-readings.ts';
import type { CollectionTally } from './collection-tally.ts';

/** One pass over all records. */
export interface CollectionPass {
  /** Ends the pass between two batches. */
  readonly signal: AbortSignal;
  readonly readings: ClusterReadings;
  readonly tally: CollectionTally;
}
