import type { Address } from '../../ip/address.ts';
import { compareAddresses } from '../../ip/address.ts';
import type { ReleaseCondition } from '../ledger.ts';
import { planRelease, type ReleaseStep, type ReleaseView } from '../plan-release.ts';
import type { AllocationRecord, Holder } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import { withNewSandbox } from '../take-over.ts';
import { allDone } from './all-done.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { BlockReader } from './block-reader.ts';
import type { LedgerParts } from './ledger-parts.ts';
import type { RecordWriter } from './record-writer.ts';

/** Releases and confirmations: decided on what is known, written on condition, and decided anew when it was otherwise. */
export class ReleaseRun {
  readonly #parts: LedgerParts;
  readonly #reader: BlockReader;
  readonly #writer: RecordWriter;

  constructor(parts: LedgerParts, reader: BlockReader, writer: RecordWriter) {
    this.#parts = parts;
    this.#reader = reader;
    this.#writer = writer;
  }

  /** @returns the records that were freed or that lost a holder, as they were before, in address order */
  async release(condition: ReleaseCondition): Promise<AllocationRecord[]> {
    const released: AllocationRecord[] = [];
    for (let isFresh = false; ; isFresh = true) {
      const steps = planRelease(await this.#view(condition, isFresh), condition);
      const isKnownAddress = condition.by === 'record' || condition.by === 'holder';
      // What is known of somebody's record may be too old to say that it does not match.
      if (steps.length === 0 && isKnownAddress && !isFresh) continue;
      const done = await this.#apply(steps, released);
      if (done) return released.sort((a, b) => compareAddresses(a.address, b.address));
    }
  }

  /** Commits a new sandbox of the same pod to all records of its uid. */
  async confirm(holder: Holder): Promise<AllocationRecord[]> {
    for (;;) {
      const confirmed = await Promise.all(
        this.#parts.own.ofUid(holder.uid).map(async (before) => {
          const after = withNewSandbox(before, holder);
          if (sameRecord(before, after)) return before;
          const result = await this.#writer.replace(before, after, { restores: true });
          if (result.kind === 'done') return result.record;
          this.#writer.noteChanged(before.address, result.slot);
          return undefined;
        }),
      );
      const records = confirmed.flatMap((record) => record ?? []);
      if (records.length === confirmed.length) return records;
    }
  }

  async #view(condition: ReleaseCondition, isFresh: boolean): Promise<ReleaseView> {
    const { own } = this.#parts;
    const empty: ReleaseView = { at: () => undefined, ofAttachment: () => [], ofOwner: () => [] };
    if (condition.by === 'attachment') return { ...empty, ofAttachment: (it) => own.ofAttachment(it) };
    if (condition.by === 'owner') {
      const records = (await this.#reader.ofOwner(condition.owner)).map((it) => it.record);
      return { ...empty, ofOwner: () => records };
    }
    const record = await this.#recordAt(condition.record.address, isFresh);
    return { ...empty, at: () => record };
  }

  async #recordAt(address: Address, isFresh: boolean): Promise<AllocationRecord | undefined> {
    const writer = this.#parts.cache.writer(blockBase(address));
    const block = isFresh ? await writer.refresh() : await writer.load();
    const slot = block.slot(slotIndex(address));
    return slot.kind === 'record' ? slot.record : undefined;
  }

  /** @returns false when something was otherwise than the steps expect */
  async #apply(steps: readonly ReleaseStep[], released: AllocationRecord[]): Promise<boolean> {
    let isAsExpected = true;
    await allDone(
      steps.map(async ({ before, after, suspect }) => {
        const keptOn = before.holders.at(-1)?.node;
        const result =
          after === undefined
            ? await this.#writer.free(before, suspect)
            : await this.#writer.replace(before, after, {
                restores: false,
                ...(keptOn !== undefined && { keptOn }),
              });
        if (result.kind === 'done') {
          released.push(before);
          return;
        }
        this.#writer.noteChanged(before.address, result.slot);
        isAsExpected = false;
      }),
    );
    return isAsExpected;
  }
}
