import { pause } from '../../async/pause.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { Address } from '../../ip/address.ts';
import type { Choice, ChoiceClass, Chooser } from '../../ipam/choose.ts';
import type { PoolRange } from '../../ipam/want.ts';
import type { PoolUsage } from '../ledger.ts';
import type { Block } from './block.ts';
import { blockBase, slotAddress, slotIndex } from './block-name.ts';
import type { BlockWriter } from './block-writer.ts';
import { subnetLabel } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { isVanished } from './own-records.ts';
import { PoolBlocks } from './pool-blocks.ts';
import { PoolReader, type PoolReadingResult, type StateReading } from './pool-reader.ts';
import { Rounds } from './rounds.ts';
import { labelOperation } from './slot-change.ts';
import { classOf, correct, freeRun } from './slot-class.ts';

/** Blocks that one search reads one after the other, before it asks where there is space. */
const NEXT_BLOCKS_MAX = 4;
/** Blocks that a search passes over because it knows them: more than are kept in memory. */
const RING_STEPS_MAX = 1024;

/** How long a claim waits for the repair of records that have vanished, before it looks again. */
const VANISHED_REST_MS = 1000;

const classRank = { free: 0, cooling: 1, suspect: 2 } as const satisfies Record<ChoiceClass, number>;

/** How an address is searched for. */
export interface SearchAsk {
  readonly chooser: Chooser;
  /** Addresses that the same claim has chosen already. */
  readonly spokenFor: ReadonlySet<Address>;
  /** Whether what is found is reserved for a write; else it is only told (a dry run). */
  readonly reserves: boolean;
  readonly signal: AbortSignal | undefined;
}

/** An address that was found. */
export interface Found extends Choice {
  readonly kind: 'found';
  readonly pool: PoolRange;
}

/** What a look at the whole pool gave. */
export type ThoroughResult =
  | Found
  /** Only suspect addresses: to be taken when no other pool has any. */
  | { readonly kind: 'suspect'; readonly reading: StateReading }
  /** Others of this process are about to take or to free addresses of the pool; whether any is left is known then. */
  | { readonly kind: 'blocked'; readonly settled: Promise<void> }
  | { readonly kind: 'none'; readonly usage: PoolUsage };

/** Finds addresses of one pool, near this node's place in it. */
export class PoolFinder {
  readonly range: PoolRange;
  readonly #parts: LedgerParts;
  readonly #blocks: PoolBlocks;
  readonly #start: bigint;
  readonly #rounds: Rounds<PoolReadingResult>;
  /** The block in which the last address was found. */
  #current: Address | undefined;
  #lastUsage: PoolUsage | undefined;

  constructor(range: PoolRange, parts: LedgerParts) {
    this.range = range;
    this.#parts = parts;
    this.#blocks = new PoolBlocks(range.eligible);
    this.#start = this.#blocks.startOf(parts.place);
    const reader = new PoolReader(range, this.#blocks, this.#start, parts);
    this.#rounds = new Rounds((waiting) => reader.read(waiting), {
      restMsMax: parts.proofRestMsMax,
      random: parts.random,
      closing: parts.closing,
    });
  }

  /** Whether the pool was found to have nothing a moment ago. */
  get isResting(): boolean {
    return this.#rounds.isResting;
  }

  /** The counts of the last look at the whole pool that found nothing. */
  get lastUsage(): PoolUsage | undefined {
    return this.#lastUsage;
  }

  /** Notes that an address of the pool was freed. */
  noteFreed(address: Address): void {
    if (this.range.eligible.contains(address)) this.#rounds.reset();
  }

  /** A free address in the blocks that are known, or in the next few of the ring. */
  async findNear(ask: SearchAsk): Promise<Found | undefined> {
    for (let reads = 0; ; ) {
      const found = this.#findKnown(ask);
      // A claim learns by its write that what is known is too old; a dry run has to look.
      if (found !== undefined && !ask.reserves && !(await this.#isStillThere(found, ask))) continue;
      if (found !== undefined || reads === NEXT_BLOCKS_MAX) return found;
      const next = this.#nextUnknown();
      if (next === undefined) return undefined;
      await this.#parts.cache.writer(next).load(ask.signal);
      reads++;
    }
  }

  /** Any address, after a look at the whole pool that begins after this call. */
  async findAnywhere(ask: SearchAsk, options: { readonly isUrgent: boolean }): Promise<ThoroughResult> {
    for (;;) {
      if (options.isUrgent) this.#rounds.hurry();
      const round = await this.#rounds.next(ask.signal);
      if (round.kind === 'state') {
        const { reading } = round;
        const result = await this.#findIn(reading, ask);
        if (result.kind === 'none' || result.kind === 'suspect') {
          if (!reading.isWhole) continue;
          this.#lastUsage = reading.state.usage();
          if (result.kind === 'none') this.#rounds.foundNothing(round);
        } else this.#rounds.reset();
        return result;
      }
      const found = this.#findKnown(ask);
      if (found === undefined) continue;
      this.#rounds.reset();
      return found;
    }
  }

  /** The best address of a reading, suspect ones included. */
  async findSuspect(reading: StateReading, ask: SearchAsk): Promise<ThoroughResult> {
    return this.#findIn(reading, ask, true);
  }

  async #findIn(reading: StateReading, ask: SearchAsk, takesSuspect = false): Promise<ThoroughResult> {
    const { state } = reading;
    for (;;) {
      const busy = this.#busyAddresses();
      const choice = this.#choose(ask, state.run(new Set([...busy.keys(), ...ask.spokenFor])), (address) =>
        state.offers(address),
      );
      if (choice === undefined) {
        const others = [...busy].flatMap(([address, writer]) => {
          const kind = writer.busy.kindOf(slotIndex(address));
          return kind === 'keep' || ask.spokenFor.has(address)
            ? []
            : [writer.busy.settled(slotIndex(address))];
        });
        if (others.length > 0) return { kind: 'blocked', settled: Promise.race(others) };
        // The repair either puts them back or finds that nobody needs them.
        if (this.#hasVanished())
          return { kind: 'blocked', settled: pause(VANISHED_REST_MS, this.#parts.closing) };
        return { kind: 'none', usage: state.usage() };
      }
      if (choice.class === 'suspect' && !takesSuspect) return { kind: 'suspect', reading };
      const found = await this.#confirm(choice, reading, ask);
      if (found !== undefined) return found;
    }
  }

  /** Holds a choice of a whole pool's state against its block; corrects the state where it is wrong, and gives undefined. */
  async #confirm(choice: Choice, reading: StateReading, ask: SearchAsk): Promise<Found | undefined> {
    const { cache, own, nowMs } = this.#parts;
    const { address } = choice;
    const { state, ownVersion } = reading;
    if (own.at(address) !== undefined && own.hasChangedSince(ownVersion, address)) {
      state.take(address);
      return undefined;
    }
    const writer = cache.writer(blockBase(address));
    const wasKnown = writer.block !== undefined;
    const index = slotIndex(address);
    let block = await writer.load(ask.signal);
    // What was known may be older than the state.
    if (!this.#isAsGood(block, index, choice) && wasKnown) block = await writer.refresh(ask.signal);
    if (isVanished(own, block, address)) {
      state.take(address);
      return undefined;
    }
    if (this.#isAsGood(block, index, choice)) {
      // Between here and the reservation nobody else may come.
      if (writer.busy.has(index) || cache.peek(block.base) !== writer) return undefined;
      return this.#found(choice, writer, ask);
    }
    correct(state, block, this.range, nowMs());
    const label = subnetLabel(this.range.subnet);
    if (block.exists && block.labels[label] === undefined)
      await this.#repairLabel(block.base, label, ask.signal);
    return undefined;
  }

  async #isStillThere(found: Found, ask: SearchAsk): Promise<boolean> {
    const block = await this.#parts.cache.writer(blockBase(found.address)).refresh(ask.signal);
    return this.#isAsGood(block, slotIndex(found.address), found);
  }

  #isAsGood(block: Block, index: number, choice: Choice): boolean {
    const ofClass = classOf(block.slot(index), this.range, this.#parts.nowMs());
    return ofClass !== 'taken' && classRank[ofClass] <= classRank[choice.class];
  }

  /** A block that was written for another subnet only: without this one's label no look at the pool finds it. */
  async #repairLabel(base: Address, label: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      const repaired = this.#parts.api.patch(base, [labelOperation(label, 'open')]);
      this.#parts.cache.observe(await waitOrAbort(repaired, signal));
    } catch (error) {
      signal?.throwIfAborted();
      this.#parts.log?.warn({ err: error, pool: this.range.name }, 'label of a block can not be repaired');
    }
  }

  #findKnown(ask: SearchAsk): Found | undefined {
    const { cache } = this.#parts;
    const current = this.#current === undefined ? undefined : cache.peek(this.#current);
    const inCurrent = current && this.#findInBlock(current, ask);
    if (inCurrent !== undefined) return inCurrent;
    const known: { readonly steps: bigint; readonly writer: BlockWriter }[] = [];
    for (const writer of cache.all()) {
      const steps = this.#stepsTo(writer);
      if (steps !== undefined && writer !== current) known.push({ steps, writer });
    }
    known.sort((a, b) => Number(a.steps - b.steps));
    for (const { writer } of known) {
      const found = this.#findInBlock(writer, ask);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #stepsTo(writer: BlockWriter): bigint | undefined {
    if (typeof writer.base !== typeof this.range.subnet.network) return undefined;
    return this.#blocks.stepsFrom(this.#start, writer.base);
  }

  #findInBlock(writer: BlockWriter, ask: SearchAsk): Found | undefined {
    const { block, base } = writer;
    if (block === undefined) return undefined;
    const run = freeRun(block, this.range, this.#parts.nowMs(), (index) => {
      const address = slotAddress(base, index);
      return (
        writer.busy.has(index) || ask.spokenFor.has(address) || isVanished(this.#parts.own, block, address)
      );
    });
    const choice = run && this.#choose(ask, run, (address) => run.free.nextFrom(address) === address, base);
    return choice && this.#found(choice, writer, ask);
  }

  #choose(
    ask: SearchAsk,
    run: Parameters<Chooser>[0],
    offers: (address: Address) => boolean,
    base = this.#blocks.nth(this.#start),
  ): Choice | undefined {
    const { nowMs, offset, random } = this.#parts;
    const start = base === undefined ? undefined : slotAddress(base, offset);
    const choice = ask.chooser(run, { ...(start !== undefined && { start }), nowMs: nowMs(), random });
    if (choice !== undefined && !offers(choice.address)) {
      throw new Error(`the chooser picked an address that pool ${this.range.name} did not offer`);
    }
    return choice;
  }

  #found(choice: Choice, writer: BlockWriter, ask: SearchAsk): Found {
    if (ask.reserves) writer.busy.reserve(slotIndex(choice.address), 'take');
    this.#current = writer.base;
    return { kind: 'found', pool: this.range, ...choice };
  }

  /** The next block of the ring that is not known. */
  #nextUnknown(): Address | undefined {
    let steps = 0;
    for (const base of this.#blocks.ring(this.#start)) {
      if (this.#parts.cache.peek(base)?.block === undefined) return base;
      if (++steps === RING_STEPS_MAX) return undefined;
    }
    return undefined;
  }

  #hasVanished(): boolean {
    const { cache, own } = this.#parts;
    for (const { record } of own.entries()) {
      if (!this.range.eligible.contains(record.address)) continue;
      const block = cache.peek(blockBase(record.address))?.block;
      if (block !== undefined && isVanished(own, block, record.address)) return true;
    }
    return false;
  }

  #busyAddresses(): Map<Address, BlockWriter> {
    const busy = new Map<Address, BlockWriter>();
    for (const writer of this.#parts.cache.all()) {
      if (writer.busy.size === 0 || this.#stepsTo(writer) === undefined) continue;
      for (const index of writer.busy.indexes()) {
        const address = slotAddress(writer.base, index);
        if (this.range.eligible.contains(address)) busy.set(address, writer);
      }
    }
    return busy;
  }
}
