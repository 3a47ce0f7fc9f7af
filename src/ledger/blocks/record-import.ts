import type { Address } from '../../ip/address.ts';
import { cidrContains } from '../../ip/cidr.ts';
import type { PoolRange } from '../../ipam/want.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import type { Logger } from '../../log/logger.ts';
import type { AllocationRecord } from '../record.ts';
import { sameOwner } from '../record-equality.ts';
import { allDone } from './all-done.ts';
import type { Block } from './block.ts';
import { BlockApi, restarting } from './block-api.ts';
import { BlockCache } from './block-cache.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { BlockWriter } from './block-writer.ts';
import { blockLabel, recordLabels } from './labels.ts';
import { encodeFreed, encodeRecord, type RawSlot, type Slot } from './slot.ts';
import type { ChangeKind } from './slot-change.ts';
import { toLedgerError } from './to-ledger-error.ts';

/** Blocks that are written at once: enough to keep an API server busy, and no more than it takes from one client. */
const BLOCKS_AT_ONCE = 8;

/** How often a slot that others change is decided on anew. Nobody else should write to blocks of a pool that is being imported. */
const TRIES_MAX = 5;

/** A record that is to stand. */
export interface ImportedRecord {
  readonly record: AllocationRecord;
  /** Of a static record without holders: the node that had it last. */
  readonly keptOn: string | undefined;
}

/** What became of a record that is to stand. */
export type ImportOutcome =
  | { readonly kind: 'imported' }
  /** A record of the same use stood there already. */
  | { readonly kind: 'standing' }
  /** In place of a record of the same pool whose pods are all gone. */
  | { readonly kind: 'replaced'; readonly former: AllocationRecord }
  /** Something else stands there, and was left as it is. Undefined when it can't be read. */
  | { readonly kind: 'conflict'; readonly other: AllocationRecord | undefined };

export interface RecordImportOptions {
  readonly api: KubeApi;
  readonly log?: Logger;
  /** The clock, in milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Tells what would be written, and writes nothing. */
  readonly dryRun: boolean;
  /** Whether somebody lives who may use the address of a record. */
  readonly isInUse: (record: AllocationRecord) => boolean;
  /** Ends everything: what was sent may be done or not, and is found by the next import. */
  readonly signal: AbortSignal;
}

/**
 * Brings records of elsewhere into address blocks. Each write is on condition that its slot still is as it was read, and what stands already
 * is left alone, so that an import that was cut off is simply done again.
 */
export class RecordImport {
  readonly #options: RecordImportOptions;
  readonly #api: BlockApi;
  readonly #cache: BlockCache;

  constructor(options: RecordImportOptions) {
    const { api, log, signal } = options;
    this.#options = options;
    this.#api = new BlockApi(api, log);
    const parts = { random: Math.random, log, closing: signal, onConflict: () => undefined };
    this.#cache = new BlockCache({ api: this.#api, ...parts });
  }

  /**
   * The records that blocks have by now, block by block.
   * @throws LedgerError
   */
  async eachRecord(visit: (stored: ImportedRecord) => void): Promise<void> {
    const { signal } = this.#options;
    try {
      // A list that is begun anew tells some twice: who visits keys by the address.
      await restarting(async () => {
        for await (const page of this.#api.list(blockLabel, signal)) {
          for (const block of page) for (const stored of block.records()) visit(stored);
        }
      });
    } catch (error) {
      signal.throwIfAborted();
      throw toLedgerError(error);
    }
  }

  /**
   * Writes records of one pool, those of a block in one request.
   * @returns what became of each, by address
   * @throws LedgerError; what was written by then stands
   */
  async write(
    records: readonly ImportedRecord[],
    pool: PoolRange | undefined,
  ): Promise<Map<Address, ImportOutcome>> {
    const outcomes = new Map<Address, ImportOutcome>();
    await this.#eachBlock(records, async (writer, ofBlock) => {
      await this.#writeBlock(writer, ofBlock, { pool, outcomes });
    });
    return outcomes;
  }

  /**
   * Frees records of which nobody lives, if they still stand as they were read.
   * @returns those that were freed
   * @throws LedgerError
   */
  async free(records: readonly ImportedRecord[]): Promise<AllocationRecord[]> {
    const freed: AllocationRecord[] = [];
    await this.#eachBlock(records, async (writer, ofBlock) => {
      const block = await this.#read(writer);
      const writes = ofBlock.map(async ({ record }) => {
        const index = slotIndex(record.address);
        const slot = block.slot(index);
        if (slot.kind !== 'record' || !isSameUse(slot.record, record) || this.#options.isInUse(slot.record))
          return;
        const raw = block.rawSlot(index);
        const next = encodeFreed(raw, this.#options.nowMs(), false);
        if (await this.#change(writer, index, { kind: 'free', expected: raw, next, labels: [] }))
          freed.push(record);
      });
      await allDone(writes);
    });
    return freed;
  }

  async #eachBlock(
    records: readonly ImportedRecord[],
    work: (writer: BlockWriter, records: readonly ImportedRecord[]) => Promise<void>,
  ): Promise<void> {
    const { signal } = this.#options;
    const blocks = [...Map.groupBy(records, ({ record }) => blockBase(record.address))].toReversed();
    const worker = async (): Promise<void> => {
      for (let next = blocks.pop(); next !== undefined; next = blocks.pop()) {
        signal.throwIfAborted();
        const [base, ofBlock] = next;
        await work(this.#cache.writer(base), ofBlock);
      }
    };
    await allDone(Array.from({ length: BLOCKS_AT_ONCE }, worker));
  }

  async #writeBlock(
    writer: BlockWriter,
    records: readonly ImportedRecord[],
    {
      pool,
      outcomes,
    }: { readonly pool: PoolRange | undefined; readonly outcomes: Map<Address, ImportOutcome> },
  ): Promise<void> {
    let open = records;
    for (let tries = 1; open.length > 0; tries++) {
      const block = await this.#read(writer);
      const lost: ImportedRecord[] = [];
      // All of a turn are sent together.
      const writes = open.map(async (wanted) => {
        const outcome = await this.#writeOne(writer, block, wanted, pool);
        if (outcome === undefined) lost.push(wanted);
        else outcomes.set(wanted.record.address, outcome);
      });
      await allDone(writes);
      if (tries === TRIES_MAX) {
        for (const { record } of lost) outcomes.set(record.address, { kind: 'conflict', other: undefined });
        return;
      }
      open = lost;
    }
  }

  /** Undefined when another changed the slot meanwhile. */
  async #writeOne(
    writer: BlockWriter,
    block: Block,
    { record, keptOn }: ImportedRecord,
    pool: PoolRange | undefined,
  ): Promise<ImportOutcome | undefined> {
    const index = slotIndex(record.address);
    const slot = block.slot(index);
    const outcome = this.#decide(slot, record);
    if (outcome.kind === 'standing' || outcome.kind === 'conflict') return outcome;
    const ofSubnet = pool !== undefined && cidrContains(pool.subnet, record.address);
    const isDone = await this.#change(writer, index, {
      kind: outcome.kind === 'imported' ? 'take' : 'keep',
      expected: block.rawSlot(index),
      next: encodeRecord(record, undefined, keptOn),
      labels: recordLabels(record, keptOn),
      ...(ofSubnet && { pool }),
    });
    return isDone ? outcome : undefined;
  }

  #decide(slot: Slot, record: AllocationRecord): ImportOutcome {
    if (slot.kind === 'unused' || slot.kind === 'freed') return { kind: 'imported' };
    if (slot.kind === 'unreadable') return { kind: 'conflict', other: undefined };
    const { record: standing } = slot;
    if (isSameUse(standing, record)) return { kind: 'standing' };
    const isLeftOver = standing.pool === record.pool && !this.#options.isInUse(standing);
    return isLeftOver ? { kind: 'replaced', former: standing } : { kind: 'conflict', other: standing };
  }

  async #change(
    writer: BlockWriter,
    index: number,
    change: {
      readonly kind: ChangeKind;
      readonly expected: RawSlot;
      readonly next: RawSlot;
      readonly labels: readonly string[];
      readonly pool?: PoolRange;
    },
  ): Promise<boolean> {
    if (this.#options.dryRun) return true;
    writer.busy.reserve(index, change.kind);
    const outcome = await this.#orReason(writer.write({ index, ...change }));
    return outcome.kind === 'done';
  }

  /** A fresh reading. */
  async #read(writer: BlockWriter): Promise<Block> {
    return this.#orReason(writer.refresh(this.#options.signal));
  }

  async #orReason<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      // A ledger's own error would hide who has ended it.
      this.#options.signal.throwIfAborted();
      throw error;
    }
  }
}

/** Whether two records of an address are of one use: the same pool, and the same pod or, without one, the same static owner. */
function isSameUse(standing: AllocationRecord, wanted: AllocationRecord): boolean {
  if (standing.pool !== wanted.pool) return false;
  const [holder] = wanted.holders;
  if (holder !== undefined) return standing.holders.some(({ uid }) => uid === holder.uid);
  return wanted.owner !== undefined && sameOwner(standing.owner, wanted.owner);
}
