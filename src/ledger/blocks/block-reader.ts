import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Address, compareAddresses } from '../../ip/address.ts';
import type { PoolRange } from '../../ipam/want.ts';
import type { PageOptions, PoolUsage, RecordFilter } from '../ledger.ts';
import type { AllocationRecord, ReleasedRecord, StaticOwner } from '../record.ts';
import { sameOwner } from '../record-equality.ts';
import type { Block } from './block.ts';
import { type ContinueToken, restarting, type Selector } from './block-api.ts';
import { blockBase, slotIndex } from './block-name.ts';
import { blockLabel, ownerLabel, subnetLabel } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { matches } from './matches.ts';
import { PoolReading } from './slot-class.ts';
import { toLedgerError } from './to-ledger-error.ts';

const PAGE_DEFAULT = 500;
const PAGE_MAX = 5000;
/** Lists of which somebody may ask for the next page. */
const CURSORS_MAX = 16;
/** A place in a list shows the store as it was when the list began; after this time that is too long ago. */
const CURSOR_LIFE_MS = 10_000;

interface Cursor {
  readonly token: ContinueToken;
  /** By performance.now(). */
  readonly sinceMs: number;
}

/** A record of a static owner. */
export interface OwnedRecord {
  readonly record: AllocationRecord;
  /** Of its block. */
  readonly resourceVersion: string;
}

/** Reads records and counts, always afresh, except for those of this node, which are known. */
export class BlockReader {
  readonly #parts: LedgerParts;
  /** Where the API server goes on for what follows an address, so that reading page by page does not begin anew each time. */
  readonly #cursors = new Map<string, Cursor>();

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  /** A page of the records that match, in address order. */
  async records(filter: RecordFilter, page: PageOptions): Promise<AllocationRecord[]> {
    const limit = Math.min(Math.max(page.limit ?? PAGE_DEFAULT, 0), PAGE_MAX);
    const { after } = page;
    const isWanted = (record: AllocationRecord, asked = filter): boolean =>
      matches(record, asked) && (after === undefined || compareAddresses(record.address, after) > 0);
    if (filter.node === this.#parts.nodeName) {
      const { node: _, ...unheld } = filter;
      // What nobody holds is of the node that had it last.
      return this.#parts.own
        .all()
        .filter((record) => isWanted(record, record.holders.length === 0 ? unheld : filter))
        .slice(0, limit);
    }
    if (filter.address !== undefined) {
      const record = await this.at(filter.address);
      return record !== undefined && isWanted(record) ? [record].slice(0, limit) : [];
    }
    if (filter.owner !== undefined) {
      const kept = await this.ofOwner(filter.owner);
      return kept
        .map((it) => it.record)
        .filter((record) => isWanted(record))
        .slice(0, limit);
    }
    return this.#page(isWanted, { filter, after, limit });
  }

  /** The record of an address. */
  async at(address: Address): Promise<AllocationRecord | undefined> {
    const slot = (await this.#block(address)).slot(slotIndex(address));
    return slot.kind === 'record' ? slot.record : undefined;
  }

  /** Who had an address last. */
  async lastHolder(address: Address): Promise<ReleasedRecord | undefined> {
    const slot = (await this.#block(address)).slot(slotIndex(address));
    return slot.kind === 'freed' ? slot.released : undefined;
  }

  /** The records of a static owner, in address order. */
  async ofOwner(owner: StaticOwner, signal?: AbortSignal): Promise<OwnedRecord[]> {
    return this.collect(ownerLabel(owner), signal, (block) => {
      const owned = [...block.records()].filter(({ record }) => sameOwner(record.owner, owner));
      if (owned.length > 0) this.#parts.cache.observe(block);
      return owned.map(({ record }) => ({ record, resourceVersion: block.resourceVersion }));
    });
  }

  /** What is gathered from each of the blocks that have a label. */
  async collect<T>(
    selector: Selector,
    signal: AbortSignal | undefined,
    gather: (block: Block) => readonly T[],
  ): Promise<T[]> {
    try {
      return await restarting(async () => {
        const all: T[] = [];
        for await (const page of this.#parts.api.list(selector, signal)) {
          for (const block of page) all.push(...gather(block));
          await nextTurn();
        }
        return all;
      });
    } catch (error) {
      throw toLedgerError(error);
    }
  }

  /**
   * Counts for these pools, in their order: one list for each subnet. A block that was only ever written for another subnet that
   * overlaps by mistake is not seen before a claim meets it.
   */
  async usage(pools: readonly PoolRange[]): Promise<PoolUsage[]> {
    const bySubnet = Map.groupBy(pools, (pool) => subnetLabel(pool.subnet));
    const usages = new Map<PoolRange, PoolUsage>();
    for (const [label, group] of bySubnet) {
      let readings: readonly PoolReading[] = [];
      try {
        await restarting(async () => {
          readings = group.map((pool) => new PoolReading(pool, this.#parts.nowMs()));
          for await (const page of this.#parts.api.list(label)) {
            for (const block of page) for (const reading of readings) reading.add(block);
            await nextTurn();
          }
        });
      } catch (error) {
        throw toLedgerError(error);
      }
      for (const [i, pool] of group.entries()) {
        const usage = readings[i]?.state().usage();
        if (usage !== undefined) usages.set(pool, usage);
      }
    }
    return pools.flatMap((pool) => usages.get(pool) ?? []);
  }

  async #block(address: Address): Promise<Block> {
    return this.#parts.cache.writer(blockBase(address)).refresh();
  }

  async #page(
    isWanted: (record: AllocationRecord) => boolean,
    request: { readonly filter: RecordFilter; readonly after: Address | undefined; readonly limit: number },
  ): Promise<AllocationRecord[]> {
    const { filter, after, limit } = request;
    const cursor = this.#cursors.get(cursorKey(filter, after));
    try {
      if (cursor !== undefined && performance.now() - cursor.sinceMs < CURSOR_LIFE_MS) {
        return await this.#readPage(isWanted, filter, { from: cursor.token, limit });
      }
    } catch (error) {
      // The place may have expired: from the beginning, then.
      this.#parts.log?.debug({ err: error }, 'list can not be continued');
    }
    try {
      return await restarting(async () => this.#readPage(isWanted, filter, { from: undefined, limit }));
    } catch (error) {
      throw toLedgerError(error);
    }
  }

  async #readPage(
    isWanted: (record: AllocationRecord) => boolean,
    filter: RecordFilter,
    { from, limit }: { readonly from: ContinueToken | undefined; readonly limit: number },
  ): Promise<AllocationRecord[]> {
    const found: AllocationRecord[] = [];
    let token = from;
    do {
      const here = token;
      const page = await this.#parts.api.page(blockLabel, here);
      for (const block of page.blocks) {
        for (const { record } of block.records()) {
          if (found.length < limit && isWanted(record)) found.push(record);
        }
      }
      const last = found.at(-1);
      if (found.length === limit && last !== undefined && here !== undefined) {
        this.#remember(cursorKey(filter, last.address), { token: here, sinceMs: performance.now() });
      }
      if (found.length >= limit) return found;
      token = page.next;
      await nextTurn();
    } while (token !== undefined);
    return found;
  }

  #remember(key: string, cursor: Cursor): void {
    this.#cursors.delete(key);
    this.#cursors.set(key, cursor);
    for (const oldest of this.#cursors.keys()) {
      if (this.#cursors.size <= CURSORS_MAX) break;
      this.#cursors.delete(oldest);
    }
  }
}

function cursorKey(filter: RecordFilter, after: Address | undefined): string {
  return JSON.stringify([filter, after], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}
