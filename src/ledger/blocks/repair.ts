import { type Address, compareAddresses, familyOf } from '../../ip/address.ts';
import { KubeError } from '../../kube/kube-api.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import { isSameAllocation, sameRecord } from '../record-equality.ts';
import type { Block, StoredRecord } from './block.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { BlockReader } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import { nodeLabel } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import type { Operations } from './operations.ts';
import type { RecordWriter } from './record-writer.ts';
import type { Slot } from './slot.ts';
import { labelOperation } from './slot-change.ts';
import { type StaleLabels, staleLabels, tidy } from './stale-labels.ts';
import { toLedgerError } from './to-ledger-error.ts';

/** Blocks whose labels one repair tidies. */
const TIDIED_MAX = 8;

/** What a repair asks of its caller. */
export interface ReconcileOptions {
  /** Whether the pod of a holder on this node may still use its address. */
  readonly isLiving: (holder: Holder) => boolean;
  readonly signal?: AbortSignal;
}

/** What a repair has found and done. */
export interface ReconcileReport {
  /** Records of living pods that were missing in the store and were put back. */
  readonly restored: AllocationRecord[];
  /** Records of living pods whose address stands for somebody else. */
  readonly conflicts: { readonly mine: AllocationRecord; readonly other: AllocationRecord }[];
  /** Records of this node that were not known, such as of a commit that came late. */
  readonly adopted: AllocationRecord[];
  /** Second addresses of one use, freed: nobody was ever told of them. */
  readonly freedDuplicates: AllocationRecord[];
  /** Records that are not there any more and that no living pod needs. */
  readonly gone: AllocationRecord[];
}

export interface RepairTools {
  readonly reader: BlockReader;
  readonly writer: RecordWriter;
  readonly operations: Operations;
}

/** Brings what this process knows of its node's records and what the API server holds together again. */
export class Repair {
  readonly #parts: LedgerParts;
  readonly #tools: RepairTools;
  readonly #options: ReconcileOptions;
  readonly #report: ReconcileReport = {
    restored: [],
    conflicts: [],
    adopted: [],
    freedDuplicates: [],
    gone: [],
  };

  constructor(parts: LedgerParts, tools: RepairTools, options: ReconcileOptions) {
    this.#parts = parts;
    this.#tools = tools;
    this.#options = options;
  }

  async run(): Promise<ReconcileReport> {
    const { own } = this.#parts;
    const since = own.version;
    const listed = new Map<Address, StoredRecord>();
    const stale: StaleLabels[] = [];
    await this.#tools.reader.collect(nodeLabel(this.#parts.nodeName), this.#options.signal, (block) => {
      this.#parts.cache.peek(block.base)?.observe(block);
      for (const stored of block.records()) if (own.isOwn(stored)) listed.set(stored.record.address, stored);
      const labels = staleLabels(block, this.#parts.nodeName);
      if (labels !== undefined && stale.length < TIDIED_MAX) stale.push(labels);
      return [];
    });
    for (const stored of listed.values()) this.#follow(stored, since);
    await this.#adoptUnknown(listed, since);
    await this.#findMissing(listed, since);
    for (const labels of stale) await tidy(labels, this.#parts);
    return this.#report;
  }

  /** A known record that somebody else has changed. */
  #follow(stored: StoredRecord, since: number): void {
    const { own } = this.#parts;
    const { address } = stored.record;
    const known = own.at(address);
    if (known === undefined || own.hasChangedSince(since, address) || this.#isPending(stored.record)) return;
    if (!sameRecord(known.record, stored.record) || known.keptOn !== stored.keptOn) own.note(stored);
  }

  async #adoptUnknown(listed: ReadonlyMap<Address, StoredRecord>, since: number): Promise<void> {
    const unknown = [...listed.values()]
      .filter(({ record }) => this.#parts.own.at(record.address) === undefined)
      // Of two for one use the older stays.
      .sort(
        (a, b) => a.record.sinceMs - b.record.sinceMs || compareAddresses(a.record.address, b.record.address),
      );
    for (const { record } of unknown) {
      if (this.#isPending(record)) continue;
      const slot = await this.#readSlot(record.address);
      if (slot.kind !== 'record' || !isSameAllocation(slot.record, record) || !this.#parts.own.isOwn(slot))
        continue;
      if (this.#parts.own.hasChangedSince(since, record.address) || this.#isPending(record)) continue;
      if (this.#isDuplicate(slot.record)) await this.#freeDuplicate(slot.record);
      else {
        this.#parts.own.note(slot);
        this.#report.adopted.push(slot.record);
      }
    }
  }

  #isDuplicate(record: AllocationRecord): boolean {
    return record.holders.some(({ uid }) =>
      this.#parts.own
        .ofUid(uid)
        .some((known) => known.nic === record.nic && familyOf(known.address) === familyOf(record.address)),
    );
  }

  async #freeDuplicate(record: AllocationRecord): Promise<void> {
    const result = await this.#tools.writer.free(record, false);
    if (result.kind === 'done') this.#report.freedDuplicates.push(record);
  }

  async #findMissing(listed: ReadonlyMap<Address, StoredRecord>, since: number): Promise<void> {
    const missing = [...this.#parts.own.entries()].filter(
      ({ record, version }) => version <= since && !listed.has(record.address) && !this.#isPending(record),
    );
    for (const [base, entries] of Map.groupBy(missing, ({ record }) => blockBase(record.address))) {
      const writer = this.#parts.cache.writer(base);
      const block = await writer.refresh(this.#options.signal);
      for (const entry of entries) {
        const { address } = entry.record;
        if (this.#parts.own.hasChangedSince(since, address) || this.#isPending(entry.record)) continue;
        await this.#settleMissing(entry, block, writer);
      }
    }
  }

  async #settleMissing(entry: StoredRecord, block: Block, writer: BlockWriter): Promise<void> {
    const { record, keptOn } = entry;
    const { own } = this.#parts;
    const index = slotIndex(record.address);
    const slot = block.slot(index);
    const isLiving = record.holders.some(
      (holder) => holder.node === this.#parts.nodeName && this.#options.isLiving(holder),
    );
    if (slot.kind === 'unreadable') return;
    if (slot.kind === 'record') {
      if (isSameAllocation(slot.record, record)) {
        own.note(slot);
        if (own.isOwn(slot)) await this.#addLabel(block, writer);
        return;
      }
      own.remove(record.address);
      if (isLiving) this.#report.conflicts.push({ mine: record, other: slot.record });
      return;
    }
    // What was kept for an owner has no pod to ask; without a trace of a release nobody meant to free it.
    const isKept = record.owner !== undefined && slot.kind === 'unused';
    if (isLiving || isKept) {
      if (await this.#tools.writer.restore(record, keptOn, block.rawSlot(index)))
        this.#report.restored.push(record);
      return;
    }
    own.remove(record.address);
    this.#report.gone.push(record);
  }

  /** The block has lost the label by which this node finds its records. */
  async #addLabel(block: Block, writer: BlockWriter): Promise<void> {
    const key = nodeLabel(this.#parts.nodeName);
    if (block.labels[key] !== undefined) return;
    try {
      writer.observe(await this.#parts.api.patch(block.base, [labelOperation(key, '')]));
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      throw toLedgerError(error);
    }
  }

  async #readSlot(address: Address): Promise<Slot> {
    const writer = this.#parts.cache.writer(blockBase(address));
    return (await writer.refresh(this.#options.signal)).slot(slotIndex(address));
  }

  /** Whether something is under way that may change the record. */
  #isPending(record: AllocationRecord): boolean {
    const writer = this.#parts.cache.peek(blockBase(record.address));
    if (writer?.busy.has(slotIndex(record.address)) === true) return true;
    return record.holders.some(({ uid }) => this.#tools.operations.isBusy(uidKey(uid)));
  }
}

/** Key of all operations on the records of a pod. */
export function uidKey(uid: string): string {
  return `uid ${uid}`;
}
