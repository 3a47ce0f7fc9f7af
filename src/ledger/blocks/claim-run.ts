import { pause } from '../../async/pause.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { Address } from '../../ip/address.ts';
import type { Chooser } from '../../ipam/choose.ts';
import type { Want } from '../../ipam/want.ts';
import type { Claimant, ClaimOutcome, PreviewOutcome } from '../ledger.ts';
import type { AllocationRecord } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import { supersededBy } from '../standing.ts';
import type { AddressSearch } from './address-search.ts';
import { allDone } from './all-done.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { BlockReader } from './block-reader.ts';
import { type ClaimPlan, planClaim, type RecordChange, servedRecords } from './claim-plan.ts';
import type { LedgerParts } from './ledger-parts.ts';
import type { KeepBusy } from './operations.ts';
import type { RecordWriter, Taken } from './record-writer.ts';
import { isRival, precedes } from './rival-records.ts';
import { type Grant, WantSearch } from './want-search.ts';

/** How long a claim that met others waits before its next try, at random: doubling from the first to the last. */
const JITTER_FIRST_MS = 4;
const JITTER_LAST_MS = 500;

/**
 * How often a claim that held some of its addresses, and gave them back because others were exhausted, tries again before it is
 * refused: another may have held those others in just the same way. The wait before, at random, doubles from the first.
 */
const YIELDS_MAX = 4;
const YIELD_FIRST_MS = 100;

export interface ClaimRequest {
  readonly claimant: Claimant;
  readonly wants: readonly Want[];
  readonly chooser: Chooser;
  /** Ends waits; what is being written is brought to an end. */
  readonly signal: AbortSignal | undefined;
}

export interface ClaimTools {
  readonly search: AddressSearch;
  readonly reader: BlockReader;
  readonly writer: RecordWriter;
}

interface Standing {
  readonly own: readonly AllocationRecord[];
  /** The static owner's records that are not the pod's own. */
  readonly kept: readonly AllocationRecord[];
  /** Whether `kept` was just read. */
  readonly isFresh: boolean;
}

/**
 * One claim: reads what stands, chooses, writes on condition, and begins anew when another was faster, until all wants are served,
 * or one can't be and what was taken is given back.
 */
export class ClaimRun {
  readonly #parts: LedgerParts;
  readonly #tools: ClaimTools;
  readonly #request: ClaimRequest;
  /** New records that this claim has written, whichever pass did. */
  readonly #taken = new Map<Address, Taken>();
  #yields = 0;

  constructor(parts: LedgerParts, tools: ClaimTools, request: ClaimRequest) {
    this.#parts = parts;
    this.#tools = tools;
    this.#request = request;
  }

  /** @param keepBusy is told of the clean-up after a failure */
  async claim(keepBusy: KeepBusy): Promise<ClaimOutcome> {
    const { signal } = this.#request;
    try {
      for (let pass = 0; ; pass++) {
        signal?.throwIfAborted();
        const outcome = await this.#pass();
        if (outcome !== undefined) return outcome;
        const limitMs = pass === 0 ? 0 : Math.min(JITTER_FIRST_MS * 2 ** Math.min(pass, 16), JITTER_LAST_MS);
        await pause(limitMs * this.#parts.random(), this.#parts.closing);
      }
    } catch (error) {
      keepBusy(this.#giveBack());
      throw error;
    }
  }

  /** What `claim` would answer now, without a write. */
  async preview(): Promise<PreviewOutcome> {
    for (;;) {
      const standing = await this.#standing();
      const plan = this.#plan(standing);
      const looked = [...plan.unchanged, ...plan.changes.map((change) => change.before)];
      if (!(await this.#verify({ ...plan, unchanged: looked }, standing, { restores: false }))) continue;
      const result = await this.#search(plan, false);
      if (result.kind === 'blocked') {
        await waitOrAbort(result.settled, this.#request.signal);
        continue;
      }
      if (result.kind === 'refused') return result;
      const grants = new Map(result.grants.map((grant) => [grant.want, grant]));
      const taken = new Map(result.grants.map(({ want, record }) => [want, record]));
      const served = servedRecords(plan.servings, { changed: new Map(), taken });
      return {
        kind: 'claimable',
        addresses: served.map(({ want, record: { address, pool } }) => {
          const ofClass = grants.get(want)?.class ?? 'standing';
          return { want, address, pool, class: ofClass };
        }),
      };
    }
  }

  /** Undefined when it is to be begun anew. */
  async #pass(): Promise<ClaimOutcome | undefined> {
    const standing = await this.#standing();
    const plan = this.#plan(standing);
    if (!(await this.#verify(plan, standing, { restores: true }))) return undefined;
    const result = await this.#search(plan, true);
    if (result.kind === 'blocked') {
      await waitOrAbort(result.settled, this.#request.signal);
      return undefined;
    }
    if (result.kind === 'refused') return this.#giveWay(result);
    const taken = await this.#take(result.grants);
    if (taken === undefined) return undefined;
    const changed = await this.#change(plan.changes);
    if (changed === undefined) return undefined;
    if (!(await this.#isFirstOfOwner())) return undefined;
    await this.#freeSuperseded(standing);
    const addresses = servedRecords(plan.servings, { changed, taken });
    return {
      kind: 'claimed',
      addresses: addresses.map((it) => ({ ...it, standing: !this.#taken.has(it.record.address) })),
    };
  }

  /** Gives back what was taken; undefined when another may do the same right now, so that a further try may be served. */
  async #giveWay(
    refused: Extract<ClaimOutcome, { readonly kind: 'refused' }>,
  ): Promise<ClaimOutcome | undefined> {
    const mayBeServed = this.#taken.size > 0 && refused.refusals.every(({ cause }) => cause === 'exhausted');
    await this.#giveBack();
    if (!mayBeServed || this.#yields === YIELDS_MAX) return refused;
    await pause(YIELD_FIRST_MS * 2 ** this.#yields * this.#parts.random(), this.#parts.closing);
    this.#yields++;
    return undefined;
  }

  #plan(standing: Pick<Standing, 'own' | 'kept'>): ClaimPlan {
    return planClaim(this.#request.claimant, this.#request.wants, standing);
  }

  #search(plan: ClaimPlan, reserves: boolean): ReturnType<WantSearch['run']> {
    const { claimant, chooser, signal } = this.#request;
    const options = { claimant, chooser, reserves, signal };
    return new WantSearch(this.#parts, this.#tools.search, options).run(plan);
  }

  /** What stands for the pod as far as this node knows, and what its owner keeps: asked of the API server unless that serves all wants. */
  async #standing(): Promise<Standing> {
    const { claimant, wants, signal } = this.#request;
    const { owner, holder } = claimant;
    const own = this.#parts.own.ofUid(holder.uid);
    if (owner === undefined) return { own, kept: [], isFresh: true };
    const addresses = new Set(own.map((record) => record.address));
    const isOther = (record: AllocationRecord): boolean => !addresses.has(record.address);
    const known = this.#parts.own.ofOwner(owner).filter(isOther);
    const { servings } = planClaim(claimant, wants, { own, kept: known });
    if (servings.every((serving) => serving.kind === 'standing')) return { own, kept: known, isFresh: false };
    const read = await this.#tools.reader.ofOwner(owner, signal);
    return { own, kept: read.map((it) => it.record).filter(isOther), isFresh: true };
  }

  /** Reads records again that nothing is written to: an operator or the controller may have freed them. */
  async #verify(
    { unchanged, refusals }: Pick<ClaimPlan, 'unchanged' | 'refusals'>,
    { kept, isFresh }: Standing,
    { restores }: { readonly restores: boolean },
  ): Promise<boolean> {
    const differing = [...refusals.values()].flatMap((it) =>
      it.cause === 'requested-differs' ? it.standing : [],
    );
    const unsure = [...new Set([...unchanged, ...differing])].filter(
      (record) => !this.#taken.has(record.address) && !(isFresh && kept.includes(record)),
    );
    const verdicts = await Promise.all(unsure.map(async (record) => this.#stands(record, restores)));
    return verdicts.every(Boolean);
  }

  async #stands(record: AllocationRecord, restores: boolean): Promise<boolean> {
    const { cache } = this.#parts;
    const { signal } = this.#request;
    const index = slotIndex(record.address);
    const writer = cache.writer(blockBase(record.address));
    await writer.busy.settled(index, signal);
    const slot = (await writer.refresh(signal)).slot(index);
    if (slot.kind === 'record' && sameRecord(slot.record, record)) return true;
    if (slot.kind === 'unused' && this.#parts.own.at(record.address)?.record === record) {
      // It vanished without a trace, while its pod lives: its block was deleted.
      if (!restores) return true;
      const { keptOn } = this.#parts.own.at(record.address) ?? {};
      if (await this.#tools.writer.restore(record, keptOn, {})) return true;
    }
    this.#tools.writer.noteChanged(record.address, slot);
    return false;
  }

  /** Writes the new records. Undefined when one was lost to another; those that were written stand. */
  async #take(grants: readonly Grant[]): Promise<ReadonlyMap<Want, AllocationRecord> | undefined> {
    const { signal } = this.#request;
    const records = new Map<Want, AllocationRecord>();
    const writes = grants.map(async ({ want, pool, record }) => {
      const taken = await this.#tools.writer.take(record, { pool, signal });
      if (taken === undefined) return;
      this.#taken.set(record.address, taken);
      records.set(want, taken.record);
    });
    await allDone(writes);
    return records.size === grants.length ? records : undefined;
  }

  /** Writes standing records as the claim leaves them. Undefined when one does not stand any more. */
  async #change(
    changes: readonly RecordChange[],
  ): Promise<ReadonlyMap<Address, AllocationRecord> | undefined> {
    const records = new Map<Address, AllocationRecord>();
    const { signal } = this.#request;
    const writes = changes.map(async ({ before, after }) => {
      const restores = this.#parts.own.at(before.address) !== undefined;
      const result = await this.#tools.writer.replace(before, after, { restores, signal });
      if (result.kind === 'done') records.set(before.address, result.record);
      else this.#tools.writer.noteChanged(before.address, result.slot);
    });
    await allDone(writes);
    return records.size === changes.length ? records : undefined;
  }

  /** Two nodes may have given the same owner its first address at once: one of them gives its own back, and takes the other's over. */
  async #isFirstOfOwner(): Promise<boolean> {
    const { claimant, wants, signal } = this.#request;
    if (claimant.owner === undefined || this.#taken.size === 0) return true;
    const owned = await this.#tools.reader.ofOwner(claimant.owner, signal);
    const second = [...this.#taken.values()].filter((mine) =>
      owned.some((other) => isRival(other.record, mine.record, claimant, wants) && precedes(other, mine)),
    );
    for (const taken of second) this.#taken.delete(taken.record.address);
    await allDone(second.map(async (taken) => this.#tools.writer.giveBack(taken)));
    return second.length === 0;
  }

  async #freeSuperseded({ own, kept }: Standing): Promise<void> {
    const { claimant, wants } = this.#request;
    if (claimant.owner === undefined) return;
    const superseded = new Set(wants.flatMap((want) => supersededBy([...own, ...kept], want, claimant)));
    await allDone(
      [...superseded].map(async (record) => {
        const result = await this.#tools.writer.free(record, false);
        if (result.kind === 'changed') this.#tools.writer.noteChanged(record.address, result.slot);
      }),
    );
  }

  async #giveBack(): Promise<void> {
    const taken = [...this.#taken.values()];
    this.#taken.clear();
    await allDone(taken.map(async (it) => this.#tools.writer.giveBack(it)));
  }
}
