import { setImmediate as nextTurn } from 'node:timers/promises';
import { InvariantError } from '../../api/invariant-error.ts';
import { pause } from '../../async/pause.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { Address } from '../../ip/address.ts';
import { KubeError } from '../../kube/kube-api.ts';
import type { Logger } from '../../log/logger.ts';
import { LedgerError } from '../errors.ts';
import { backOffMs } from './back-off.ts';
import type { Block } from './block.ts';
import type { BlockApi } from './block-api.ts';
import { blockName } from './block-name.ts';
import { BusySlots } from './busy-slots.ts';
import { PendingChange, verdictOf } from './pending-change.ts';
import { type ChangeOutcome, labelsOf, patchOf, type SlotChange, slotsOf } from './slot-change.ts';
import { closedError, toLedgerError } from './to-ledger-error.ts';

/** How often the same change may be refused although the slot stands as expected before that is called a defect. */
const REFUSED_UNCHANGED_MAX = 2;

/** What every writer works with. */
export interface WriterParts {
  readonly api: BlockApi;
  readonly random: () => number;
  readonly log: Logger | undefined;
  /** Aborted when the ledger gives up what is under way. */
  readonly closing: AbortSignal;
  /** Told of each conditional write that met another. */
  readonly onConflict: () => void;
}

/**
 * The only one in this process that writes to a block. One patch is under way at a time; what arrives meanwhile goes into the
 * next. A write whose outcome is unknown is sent again, the same, until the outcome is known: its tests make that harmless.
 */
export class BlockWriter {
  readonly base: Address;
  readonly busy = new BusySlots();
  readonly #parts: WriterParts;
  /** As the API server last returned it. */
  #block: Block | undefined;
  #queue: PendingChange[] = [];
  /** Of the queue and of the batch that is under way. */
  readonly #pending = new Set<PendingChange>();
  #readers: PromiseWithResolvers<Block>[] = [];
  #isWorking = false;

  constructor(base: Address, parts: WriterParts) {
    this.base = base;
    this.#parts = parts;
  }

  /** The last reading; undefined before the first. */
  get block(): Block | undefined {
    return this.#block;
  }

  /** Whether nobody would miss it. */
  get isIdle(): boolean {
    return !this.#isWorking && this.busy.size === 0;
  }

  /** Takes over a reading that was made for another purpose, if it is not older than what is known. */
  observe(block: Block): void {
    if (this.#block === undefined || !this.#block.exists || this.#block.isOlderThan(block))
      this.#block = block;
  }

  /** A reading that is made after this call: a quorum read, or the answer to a write. */
  async refresh(signal?: AbortSignal): Promise<Block> {
    if (this.#parts.closing.aborted) throw closedError();
    const reader = Promise.withResolvers<Block>();
    this.#readers.push(reader);
    this.#start();
    return waitOrAbort(reader.promise, signal);
  }

  /** What is known, or else a reading. */
  async load(signal?: AbortSignal): Promise<Block> {
    return this.#block ?? this.refresh(signal);
  }

  /** Waits until all writes that were asked for by now have ended, however they do. */
  async written(signal?: AbortSignal): Promise<void> {
    await waitOrAbort(Promise.allSettled([...this.#pending].map((pending) => pending.outcome)), signal);
  }

  /**
   * Writes a reserved slot; the reservation ends with the write.
   * @throws LedgerError when the API server refuses it for good or the ledger is closed; the change's signal's reason when it was
   *   taken back in time
   */
  write(change: SlotChange): Promise<ChangeOutcome> {
    if (this.#block === undefined || !this.busy.has(change.index)) {
      throw new InvariantError(`slot ${change.index} of ${blockName(this.base)} was not read and reserved`);
    }
    const pending = new PendingChange(change, (ended) => {
      this.#pending.delete(ended);
      this.busy.unreserve(ended.change.index);
    });
    this.#queue.push(pending);
    this.#pending.add(pending);
    this.#start();
    return pending.outcome;
  }

  #start(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0 || this.#readers.length > 0) {
      // One turn of the event loop: whatever arrives in it shares the request.
      await nextTurn();
      if (this.#parts.closing.aborted) this.#failAll();
      else if (this.#queue.length > 0) await this.#flush();
      else await this.#read();
    }
    this.#isWorking = false;
  }

  #failAll(): void {
    for (const pending of this.#queue.splice(0)) pending.fail(closedError());
    for (const reader of this.#readers.splice(0)) reader.reject(closedError());
  }

  async #read(): Promise<void> {
    const readers = this.#readers.splice(0);
    try {
      this.#take(await this.#parts.api.get(this.base, this.#parts.closing), readers);
    } catch (error) {
      const failure = this.#parts.closing.aborted ? closedError() : toLedgerError(error);
      for (const reader of readers) reader.reject(failure);
    }
  }

  #take(block: Block, readers: readonly PromiseWithResolvers<Block>[]): void {
    this.#block = block;
    for (const reader of readers) reader.resolve(block);
  }

  /** Sends the next batch until its outcome is known; what is still to be done is queued again. */
  async #flush(): Promise<void> {
    const batch = this.#nextBatch();
    const block = this.#block;
    if (batch.length === 0 || block === undefined) return;
    try {
      await this.#send(batch, block);
    } catch (error) {
      for (const pending of batch) pending.fail(error);
    }
  }

  #nextBatch(): PendingChange[] {
    const open = this.#sift(this.#queue.splice(0).filter((pending) => !pending.takeBack()));
    const alone = open.find((pending) => pending.isAlone);
    if (alone === undefined) return open;
    this.#queue.unshift(...open.filter((pending) => pending !== alone));
    return [alone];
  }

  async #send(batch: readonly PendingChange[], block: Block): Promise<void> {
    const changes = batch.map((pending) => pending.change);
    const labels = labelsOf(block, changes);
    const operations = patchOf(block, changes);
    const { api, closing } = this.#parts;
    for (let failures = 0; ; failures++) {
      if (closing.aborted) throw closedError();
      const readers = this.#readers.splice(0);
      try {
        const answer = block.exists
          ? await api.patch(this.base, operations, closing)
          : await api.create(this.base, { slots: slotsOf(changes), labels }, closing);
        this.#take(answer, readers);
        for (const pending of batch) pending.finish(answer);
        return;
      } catch (error) {
        this.#readers.unshift(...readers);
        if (closing.aborted) throw closedError();
        if (!(error instanceof KubeError)) throw error;
        if (await this.#settle(batch, block, error, failures)) return;
      }
    }
  }

  /** Does what a failed try calls for. Returns false when the same is to be sent again. */
  async #settle(
    batch: readonly PendingChange[],
    block: Block,
    error: KubeError,
    failures: number,
  ): Promise<boolean> {
    if (error.fate === 'unknown') for (const pending of batch) pending.doubt();
    const isInDoubt = batch.some((pending) => pending.isInDoubt);
    const verdict = verdictOf(error, block.exists, isInDoubt);
    if (verdict === 'met') {
      this.#parts.onConflict();
      await this.#readUntilKnown();
      this.#queueAgain(batch, error);
      return true;
    }
    if (verdict === 'refused') {
      // What was in doubt for too long to be written late may have been written early.
      const wasInDoubt = batch.some((pending) => pending.wasInDoubt);
      if (wasInDoubt) await this.#readUntilKnown();
      this.#refuse(wasInDoubt ? this.#sift(batch) : batch, error);
      return true;
    }
    const waitMs = Math.max(backOffMs(failures, this.#parts.random), error.retryAfterMs ?? 0);
    await pause(waitMs, this.#parts.closing);
    if (verdict === 'doubtful') {
      // The answer to the same write tells most. When that is lost too, or others wait for a reading, a look may help.
      if (failures === 0 && this.#readers.length === 0) return false;
      await this.#tryToRead();
      const open = this.#sift(batch);
      if (open.length === batch.length) return false;
      this.#queue.unshift(...open);
      return true;
    }
    this.#queue.unshift(...batch);
    return true;
  }

  /** Returns false when the block can't be read now. */
  async #tryToRead(): Promise<boolean> {
    const { api, closing } = this.#parts;
    const readers = this.#readers.splice(0);
    try {
      this.#take(await api.get(this.base, closing, 0), readers);
      return true;
    } catch (error) {
      this.#readers.unshift(...readers);
      if (!(error instanceof KubeError || closing.aborted)) throw error;
      return false;
    }
  }

  async #readUntilKnown(): Promise<void> {
    const { closing, random } = this.#parts;
    for (let failures = 0; !(await this.#tryToRead()); failures++) {
      await pause(backOffMs(failures, random), closing);
      if (closing.aborted) throw closedError();
    }
  }

  /** After a refusal and a new reading: what is settled is answered, what stands as expected is tried again. */
  #queueAgain(batch: readonly PendingChange[], error: KubeError): void {
    const open = this.#sift(batch);
    if (error.status === 422 && open.length === batch.length) {
      for (const pending of open) {
        pending.refusedUnchanged++;
        if (pending.refusedUnchanged < REFUSED_UNCHANGED_MAX) continue;
        if (open.length > 1) {
          pending.isAlone = true;
          pending.refusedUnchanged = 0;
        } else {
          this.#refuse([pending], error);
          return;
        }
      }
    }
    this.#queue.unshift(...open);
  }

  /** The API server will not have it. When there are several, each is tried alone, because one may be at fault. */
  #refuse(batch: readonly PendingChange[], error: KubeError): void {
    if (batch.length === 0) return;
    if (batch.length > 1) {
      for (const pending of batch) pending.isAlone = true;
      this.#queue.unshift(...batch);
      return;
    }
    this.#parts.log?.error(
      { block: blockName(this.base), slots: batch.map(({ change }) => change.index), err: error },
      'API server refuses a write although the slot stands as it was read',
    );
    const message = `the API server refuses to write the block ${blockName(this.base)}: ${error.message}`;
    for (const pending of batch) pending.fail(new LedgerError('LEDGER_IO', message, { cause: error }));
  }

  /** Answers those whose slot tells what became of them; returns the others. */
  #sift(batch: readonly PendingChange[]): PendingChange[] {
    const block = this.#block;
    return batch.filter((pending) => block === undefined || !pending.settleBy(block));
  }
}
