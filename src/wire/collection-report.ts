import * as z from 'zod';
import type { Immutable } from './immutable.ts';

/** What came of a garbage collection of the whole cluster that somebody asked for: an annotation of the controllers' Lease. */
export const collectionReportSchema = z.object({
  /** The text of the request that this answers. */
  request: z.string(),
  /** Records that were looked at. */
  examined: z.int(),
  /** Records whose pod or owner is gone, but not for long enough. */
  suspected: z.int(),
  /** Addresses that are free again, the first of them. */
  freed: z.array(z.string()),
  freedCount: z.int(),
  /** How many of them are used last, because they may still answer. */
  suspectCount: z.int(),
  /** Why it failed. */
  error: z.string().exactOptional(),
});
/** What came of a garbage collection of the whole cluster. */
export type CollectionReport = Immutable<z.output<typeof collectionReportSchema>>;
