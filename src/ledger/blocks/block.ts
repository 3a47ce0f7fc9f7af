import type { Address } from '../../ip/address.ts';
import type { AllocationRecord } from '../record.ts';
import { baseOfBlockName, blockName, SLOTS, slotAddress } from './block-name.ts';
import { decodeSlot, type RawSlot, type Slot, unusedSlot } from './slot.ts';

/** Is told of a slot that can't be read. */
export type ReportUnreadable = (block: Block, index: number, reason: string) => void;

/** A record together with where it stands. */
export interface StoredRecord {
  readonly record: AllocationRecord;
  /** Of a static record without holders: the node that had it last. */
  readonly keptOn: string | undefined;
}

interface BlockParts {
  readonly base: Address;
  readonly exists: boolean;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly slots: readonly unknown[];
}

/** One SpiderIPBlock as the API server returned it, or the knowledge that there is none. Immutable; slots are read when they are asked for. */
export class Block {
  readonly base: Address;
  readonly exists: boolean;
  /** Empty when it does not exist. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly #slots: readonly unknown[];
  readonly #report: ReportUnreadable | undefined;
  readonly #decoded: (Slot | undefined)[] = [];

  private constructor(parts: BlockParts, report?: ReportUnreadable) {
    this.base = parts.base;
    this.exists = parts.exists;
    this.uid = parts.uid;
    this.resourceVersion = parts.resourceVersion;
    this.labels = parts.labels;
    this.#slots = parts.slots;
    this.#report = report;
  }

  /** A block that does not exist: none of its addresses was ever used. */
  static missing(base: Address): Block {
    return new Block({ base, exists: false, uid: '', resourceVersion: '', labels: {}, slots: [] });
  }

  /** Reads an object of the API server; undefined when its name is no block's. */
  static parse(object: unknown, report: ReportUnreadable): Block | undefined {
    const { metadata, spec } = fieldsOf(object);
    const { name, uid, resourceVersion, labels } = fieldsOf(metadata);
    const base = typeof name === 'string' ? baseOfBlockName(name) : undefined;
    if (base === undefined) return undefined;
    const { slots } = fieldsOf(spec);
    return new Block(
      {
        base,
        exists: true,
        uid: typeof uid === 'string' ? uid : '',
        resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
        labels: textsOf(labels),
        slots: Array.isArray(slots) ? slots : [],
      },
      report,
    );
  }

  get name(): string {
    return blockName(this.base);
  }

  /** What stands in a slot, to be compared and written back as it is. */
  raw(index: number): unknown {
    return this.exists ? this.#slots[index] : unusedSlot;
  }

  /** As {@link raw}, for slots that could be read. */
  rawSlot(index: number): RawSlot {
    return fieldsOf(this.raw(index));
  }

  slot(index: number): Slot {
    const known = this.#decoded[index];
    if (known !== undefined) return known;
    const slot = decodeSlot(slotAddress(this.base, index), this.raw(index));
    this.#decoded[index] = slot;
    if (slot.kind === 'unreadable') this.#report?.(this, index, slot.reason);
    return slot;
  }

  /** The records of the block in address order. */
  *records(): Generator<StoredRecord, void, undefined> {
    for (let index = 0; index < SLOTS; index++) {
      const slot = this.slot(index);
      if (slot.kind === 'record') yield slot;
    }
  }

  /** Whether another reading of this block is of a later state. */
  isOlderThan(other: Block): boolean {
    return isEarlier(this.resourceVersion, other.resourceVersion);
  }
}

/** Whether one state of the store came before another: resource versions of one kind are ordered as numbers. */
export function isEarlier(version: string, than: string): boolean {
  return version.length === than.length ? version < than : version.length < than.length;
}

function fieldsOf(value: unknown): RawSlot {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawSlot) : {};
}

function textsOf(value: unknown): Record<string, string> {
  const texts = Object.entries(fieldsOf(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}
