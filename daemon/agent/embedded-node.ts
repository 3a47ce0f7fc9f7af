import { join } from 'node:path';
import { LedgerError } from '../../src/ledger/errors.ts';
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { rest } from '../process/rest.ts';
import type { EmbeddedParts } from './embedded-parts.ts';
import type { HandlerContext } from './handlers/context.ts';
import { unusable } from './ledger-slot.ts';
import type { NodeServices } from './node-services.ts';

/** How often waiting tombstones are tried again, and a ledger that could not be opened. */
const retryMs = 2_000;

/** The services of a host without a cluster: records in SQLite, pools in a folder. */
export class EmbeddedNode implements NodeServices {
  readonly #parts: EmbeddedParts;
  readonly #stateFolder: string;
  /** Open, and not yet or already in the slot. */
  #opened: SqliteLedger | undefined;

  constructor(parts: EmbeddedParts, stateFolder: string) {
    this.#parts = parts;
    this.#stateFolder = stateFolder;
  }

  get context(): HandlerContext {
    return this.#parts.context;
  }

  /** Opens the ledger, reads the pools and plays back the tombstones; only then requests are served from it. */
  async bringUp(signal?: AbortSignal): Promise<void> {
    const { cluster, context, poolFolder, slot, tombstones } = this.#parts;
    try {
      this.#opened ??= await openSqliteLedger({ path: join(this.#stateFolder, 'ledger.db') });
      await poolFolder.load(this.#opened, signal);
      const waiting = await tombstones.replay(this.#opened, signal);
      if (waiting > 0) throw new LedgerError('LEDGER_IO', `${waiting} earlier DELs could not be done yet`);
      // Reads the state of each pool now: the first ADD need not wait for it.
      await this.#opened.usage(cluster.catalog().pools.map(({ range }) => range));
      slot.open(this.#opened);
    } catch (error) {
      const why = unusable(error);
      // It is tried again every two seconds, and told once.
      if (slot.problem !== why) context.log.error({ err: error }, 'ledger can not be used');
      slot.close(why);
      slot.noteFailure(error);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { poolFolder, sweep } = this.#parts;
    await Promise.all([poolFolder.follow(signal), sweep.run(signal), this.#retry(signal)]);
  }

  async #retry(signal: AbortSignal): Promise<void> {
    const { slot } = this.#parts;
    while (!signal.aborted) {
      await rest(retryMs, signal);
      if (signal.aborted || slot.isDamaged) continue;
      if (slot.problem === undefined) await this.#replay(slot.ledger, signal);
      else await this.bringUp(signal);
    }
  }

  async #replay(ledger: SqliteLedger, signal: AbortSignal): Promise<void> {
    const { context, tombstones } = this.#parts;
    await tombstones
      .replay(ledger, signal)
      .catch((error: unknown) => context.log.error({ err: error }, 'tombstones could not be read'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.slot.close('the agent is shutting down');
    await this.#opened?.[Symbol.asyncDispose]();
  }
}
