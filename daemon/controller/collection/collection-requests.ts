import { isObject } from '../../../src/api/decode.ts';
import { collectionReportAnnotation, collectionRequestAnnotation } from '../../../src/api/names.ts';
import type { Lease } from '../../../src/kube/lease.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { CollectionReport } from '../../../src/wire/collection-report.ts';
import type { LeaderPart } from '../leader/leader-part.ts';
import type { CollectionResult } from './collection-tally.ts';

/** A request is a random text; a longer one is no request. */
const requestCharactersMax = 256;

export interface CollectionRequestsOptions {
  readonly log: Logger;
  /** Writes an annotation of the Lease with its next renewal. */
  readonly annotate: (key: string, value: string) => void;
}

/** What collects; see Collector. */
export interface RequestedCollector {
  collectNow(signal: AbortSignal): Promise<CollectionResult>;
}

/**
 * Garbage collections that somebody asks for by an annotation of the controllers' Lease. The answer is an annotation beside it, so that a
 * request is answered once, whoever leads.
 */
export class CollectionRequests {
  readonly #options: CollectionRequestsOptions;
  #pending: string | undefined;
  #answered: string | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: CollectionRequestsOptions) {
    this.#options = options;
  }

  /** Looks at the Lease as it was just renewed, and as it was taken over. Never throws. */
  renewed({ annotations }: Pick<Lease, 'annotations'>): void {
    const request = annotations[collectionRequestAnnotation] ?? '';
    if (request === '' || request.length > requestCharactersMax) return;
    if (request === this.#answered || request === requestOf(annotations[collectionReportAnnotation])) return;
    this.#pending = request;
    this.#wake.resolve();
  }

  /** What answers requests for one term of the leader. */
  answeredBy(collector: RequestedCollector): LeaderPart {
    return { run: (signal) => this.#run(collector, signal) };
  }

  async #run(collector: RequestedCollector, signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.#wake.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    while (!signal.aborted) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
      const request = this.#pending;
      this.#pending = undefined;
      if (signal.aborted) break;
      // The Lease shows a request again and again until the answer stands in it.
      if (request !== undefined && request !== this.#answered) await this.#answer(request, collector, signal);
    }
    signal.removeEventListener('abort', onAbort);
  }

  async #answer(request: string, collector: RequestedCollector, signal: AbortSignal): Promise<void> {
    const { log, annotate } = this.#options;
    const report: CollectionReport = { request, ...(await collector.collectNow(signal)) };
    // The next leader answers it.
    if (signal.aborted) return;
    this.#answered = request;
    annotate(collectionReportAnnotation, JSON.stringify(report));
    const { freedCount, suspected, error } = report;
    log.info({ request, freedCount, suspected, error }, 'collected garbage because somebody asked for it');
  }
}

/** The request that a report answers; undefined when it is none. */
function requestOf(report: string | undefined): unknown {
  if (report === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(report);
    return isObject(parsed) ? parsed['request'] : undefined;
  } catch {
    return undefined;
  }
}
