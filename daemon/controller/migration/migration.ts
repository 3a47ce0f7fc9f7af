import type { Logger } from '../../../src/log/logger.ts';
import { importOriginal, type MigrationOptions } from '../../../src/migration/import-original.ts';
import { MigrationError } from '../../../src/migration/migration-error.ts';
import type { MigrationReport, PoolMigration } from '../../../src/migration/migration-report.ts';
import { rest } from '../../process/rest.ts';
import type { LeaderPart } from '../leader/leader-part.ts';
import type { PoolView } from '../leader/pool-view.ts';

/** How often the pools that are known are looked at; it asks nobody. */
const lookMs = 1_000;

/** After a refusal or a failure, so that a pool is imported soon after the last agent of the original is gone. */
const againMs = 30_000;

/** Lines of a pool's report that are logged; `spiderpoolctl migrate --dry-run` tells all before. */
const loggedNotesMax = 20;

export interface MigrationPartOptions extends Pick<MigrationOptions, 'api'> {
  readonly log: Logger;
  /** The pools as they are known; the import reads them again. */
  readonly pools: {
    readonly items: ReadonlyMap<string, Pick<PoolView, 'stored'>>;
    synced(signal: AbortSignal): Promise<void>;
  };
  /** Milliseconds between two tries after a refusal or a failure. @default 30_000 */
  readonly againMs?: number;
}

/** Imports the records of the original into address blocks, as soon as a pool has some and no agent of the original runs. */
export class Migration implements LeaderPart {
  readonly #options: MigrationPartOptions;
  #refusal: string | undefined;
  readonly #told = new Map<string, string>();

  constructor(options: MigrationPartOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { pools, againMs: pauseMs = againMs } = this.#options;
    await pools.synced(signal).catch(() => undefined);
    // A former leader may have ended before all finalizers were taken off.
    for (let isDue = true; !signal.aborted; isDue = this.#isNeeded()) {
      const isDone = !isDue || (await this.#attempt(signal));
      await rest(isDone ? lookMs : pauseMs, signal);
    }
  }

  #isNeeded(): boolean {
    for (const { stored } of this.#options.pools.items.values()) {
      if (stored.pool?.hasOriginalRecords === true) return true;
    }
    return false;
  }

  /** Returns false when not all pools were imported. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { api, log } = this.#options;
    try {
      const report = await importOriginal({ api, log, dryRun: false, signal });
      this.#refusal = undefined;
      this.#tell(report);
      return report.pools.every(({ done }) => done);
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof MigrationError)) {
        log.warn({ err: error }, 'records of the original were not imported, it is tried again');
      } else if (this.#isNeeded() && error.message !== this.#refusal) {
        // Once, not every half minute.
        this.#refusal = error.message;
        log.warn({ reason: error.message }, 'records of the original wait to be imported');
      }
      return false;
    }
  }

  #tell(report: MigrationReport): void {
    const { log } = this.#options;
    for (const pool of report.pools) this.#tellPool(pool);
    if (report.endpoints > 0) {
      log.info({ endpoints: report.endpoints }, "the original's finalizers were taken off SpiderEndpoints");
    }
  }

  #tellPool({ pool, problem, notes, notesLeftOut, done, ...counts }: PoolMigration): void {
    const { log } = this.#options;
    if (done) {
      this.#told.delete(pool);
      log.info({ pool, ...counts }, 'records of the original were imported');
      for (const note of notes.slice(0, loggedNotesMax))
        log.warn({ pool, note }, 'imported record to look at');
      const untold = notes.length + notesLeftOut - loggedNotesMax;
      if (untold > 0) log.warn({ pool, untold }, 'more imported records to look at');
    } else if (problem !== undefined && this.#told.get(pool) !== problem) {
      this.#told.set(pool, problem);
      log.error({ pool, problem }, 'records of the original can not be imported');
    }
  }
}
