import { type Address, formatAddress } from '../../../src/ip/address.ts';
import type { CollectionReport } from '../../../src/wire/collection-report.ts';

/** Addresses that a report names: it goes into an annotation. */
const reportedMax = 100;

/** What came of a pass; the text of a request is its asker's. */
export type CollectionResult = Omit<CollectionReport, 'request'>;

/** Counts what a pass does. */
export class CollectionTally {
  readonly #freed: string[] = [];
  #freedCount = 0;
  #suspectCount = 0;
  /** Records that were looked at. */
  examined = 0;
  /** What looked gone when the pass ended, and is not freed. */
  suspected = 0;

  /** An address is free again. */
  freed(address: Address, isSuspect: boolean): void {
    this.#freedCount += 1;
    if (isSuspect) this.#suspectCount += 1;
    if (this.#freed.length < reportedMax) this.#freed.push(formatAddress(address));
  }

  /** @param error why something could not be done */
  result(error?: string): CollectionResult {
    return {
      examined: this.examined,
      suspected: this.suspected,
      freed: this.#freed,
      freedCount: this.#freedCount,
      suspectCount: this.#suspectCount,
      ...(error !== undefined && { error }),
    };
  }
}
