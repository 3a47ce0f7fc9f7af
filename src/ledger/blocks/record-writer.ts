import type { Address } from '../../ip/address.ts';
import type { PoolRange } from '../../ipam/want.ts';
import { LedgerError } from '../errors.ts';
import type { AllocationRecord } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import type { AddressSearch } from './address-search.ts';
import type { Block } from './block.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { BlockWriter } from './block-writer.ts';
import { recordLabels } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { encodeFreed, encodeRecord, type RawSlot, type Slot, unusedSlot } from './slot.ts';
import type { ChangeKind, ChangeOutcome } from './slot-change.ts';

/** What came of a write to a record that stood. */
export type WriteResult =
  | { readonly kind: 'done'; readonly record: AllocationRecord }
  /** It does not stand as it was known; this is what stands. */
  | { readonly kind: 'changed'; readonly slot: Slot };

/** A record that was written for an address that had none. */
export interface Taken {
  readonly record: AllocationRecord;
  /** The slot as it was before. */
  readonly former: RawSlot;
  readonly wasInDoubt: boolean;
  /** As it was when the record stood for the first time. */
  readonly block: Block;
}

export interface ReplaceOptions {
  /** Whether a record that has vanished without a trace (its block was deleted) is written anew. */
  readonly restores: boolean;
  /** Of a record that is left without holders: the node that had it last. */
  readonly keptOn?: string;
  readonly signal?: AbortSignal | undefined;
}

interface Reserved {
  readonly writer: BlockWriter;
  readonly index: number;
  readonly raw: RawSlot;
}

/** Writes records on condition that their slots are as they were known, and keeps the index of this node's records in step. */
export class RecordWriter {
  readonly #parts: LedgerParts;
  readonly #search: AddressSearch;

  constructor(parts: LedgerParts, search: AddressSearch) {
    this.#parts = parts;
    this.#search = search;
  }

  /**
   * Writes a record for an address whose slot is reserved; the reservation ends with it.
   * @returns undefined when another was faster
   */
  async take(
    record: AllocationRecord,
    { pool, signal }: { readonly pool: PoolRange; readonly signal: AbortSignal | undefined },
  ): Promise<Taken | undefined> {
    const { address } = record;
    const writer = this.#parts.cache.writer(blockBase(address));
    const index = slotIndex(address);
    const former = unallocated(writer.block, index);
    if (former === undefined) {
      writer.busy.unreserve(index);
      return undefined;
    }
    let stored = record;
    let block = writer.block;
    const outcome = await writer.write({
      index,
      kind: 'take',
      expected: former,
      next: encodeRecord(record),
      labels: recordLabels(record, undefined),
      pool,
      ...(signal && { signal }),
      onDone: (slot, written) => {
        stored = this.#note(slot) ?? record;
        block = written;
      },
    });
    if (outcome.kind === 'lost' || block === undefined) return undefined;
    return { record: stored, former, wasInDoubt: outcome.wasInDoubt, block };
  }

  /** Gives an address back that was just taken, as if it had not been. What somebody has changed since is left alone. */
  async giveBack({ record, former, wasInDoubt }: Taken): Promise<void> {
    const reserved = await this.#reserve(record, 'free', undefined);
    if ('slot' in reserved) {
      this.noteChanged(record.address, reserved.slot);
      return;
    }
    // A late commit of the claim must meet another slot than the one it expects.
    const next = wasInDoubt ? encodeFreed(reserved.raw, this.#parts.nowMs(), false) : former;
    await this.#write(reserved, { kind: 'free', next, labels: [] }, () => this.#forget(record.address));
  }

  /** Writes a record in place of the one that stands. */
  async replace(
    before: AllocationRecord,
    after: AllocationRecord,
    options: ReplaceOptions,
  ): Promise<WriteResult> {
    const { restores, keptOn, signal } = options;
    const reserved = await this.#reserve(before, 'keep', signal, restores);
    if ('slot' in reserved) return { kind: 'changed', slot: reserved.slot };
    const next = encodeRecord(after, reserved.raw, keptOn);
    const labels = recordLabels(after, keptOn);
    let stored = after;
    const outcome = await this.#write(reserved, { kind: 'keep', next, labels }, (slot) => {
      stored = this.#note(slot) ?? after;
    });
    if (outcome.kind === 'done') return { kind: 'done', record: stored };
    return { kind: 'changed', slot: this.#slotNow(before.address) };
  }

  /** Frees the address of a record that stands. */
  async free(before: AllocationRecord, suspect: boolean): Promise<WriteResult> {
    const reserved = await this.#reserve(before, 'free', undefined);
    if ('slot' in reserved) return { kind: 'changed', slot: reserved.slot };
    const next = encodeFreed(reserved.raw, this.#parts.nowMs(), suspect);
    const outcome = await this.#write(reserved, { kind: 'free', next, labels: [] }, () => {
      this.#forget(before.address);
    });
    if (outcome.kind === 'done') return { kind: 'done', record: before };
    return { kind: 'changed', slot: this.#slotNow(before.address) };
  }

  /**
   * Puts a record of this node back where it is missing.
   * @param over what stands there now, and is not a record
   */
  async restore(record: AllocationRecord, keptOn: string | undefined, over: RawSlot): Promise<boolean> {
    const writer = this.#parts.cache.writer(blockBase(record.address));
    const index = slotIndex(record.address);
    if (writer.block === undefined || writer.busy.has(index)) return false;
    writer.busy.reserve(index, 'take');
    const next = encodeRecord(record, undefined, keptOn);
    const change = { kind: 'take', next, labels: recordLabels(record, keptOn) } as const;
    const outcome = await this.#write({ writer, index, raw: over }, change, (slot) => this.#note(slot));
    return outcome.kind === 'done';
  }

  /** Notes what stands at an address of which this node has a record, as it was just read. */
  noteChanged(address: Address, slot: Slot): void {
    if (this.#parts.own.at(address) === undefined) return;
    if (slot.kind === 'record') this.#parts.own.note(slot);
    else this.#parts.own.remove(address);
  }

  /** Reserves the slot of a record as soon as nobody writes it, if it stands as it is known by the last or else a new reading. */
  async #reserve(
    record: AllocationRecord,
    kind: ChangeKind,
    signal: AbortSignal | undefined,
    restores = false,
  ): Promise<Reserved | { readonly slot: Slot }> {
    const index = slotIndex(record.address);
    for (let isFresh = false; ; ) {
      const writer = this.#parts.cache.writer(blockBase(record.address));
      await writer.busy.settled(index, signal);
      const { block } = writer;
      if (block !== undefined && this.#parts.cache.peek(block.base) === writer && !writer.busy.has(index)) {
        const slot = block.slot(index);
        const stands = slot.kind === 'record' && sameRecord(slot.record, record);
        if (stands || (isFresh && restores && slot.kind === 'unused')) {
          writer.busy.reserve(index, kind);
          return { writer, index, raw: slot.kind === 'unused' ? unusedSlot : block.rawSlot(index) };
        }
        if (isFresh) return { slot };
      }
      await writer.refresh(signal);
      isFresh = true;
    }
  }

  #write(
    { writer, index, raw }: Reserved,
    change: { readonly kind: ChangeKind; readonly next: RawSlot; readonly labels: readonly string[] },
    onDone: (slot: Slot) => void,
  ): Promise<ChangeOutcome> {
    return writer.write({ index, expected: raw, ...change, onDone });
  }

  #note(slot: Slot): AllocationRecord | undefined {
    if (slot.kind !== 'record') return undefined;
    this.#parts.own.note(slot);
    return slot.record;
  }

  #forget(address: Address): void {
    this.#parts.own.remove(address);
    this.#search.noteFreed(address);
  }

  #slotNow(address: Address): Slot {
    const block = this.#parts.cache.writer(blockBase(address)).block;
    if (block === undefined) throw new LedgerError('LEDGER_IO', 'a block that was just read is not known');
    return block.slot(slotIndex(address));
  }
}

/** The slot of an address that may be taken; undefined when it is taken. */
function unallocated(block: Block | undefined, index: number): RawSlot | undefined {
  const slot = block?.slot(index);
  return slot?.kind === 'unused' || slot?.kind === 'freed' ? block?.rawSlot(index) : undefined;
}
