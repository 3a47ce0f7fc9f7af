import { type Address, formatAddress } from '../../ip/address.ts';
import { type Chooser, isSuspectUsable } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import { LedgerError } from '../errors.ts';
import type { Claimant, WantRefusal } from '../ledger.ts';
import type { AllocationRecord } from '../record.ts';
import { newRecord, refuseStanding } from '../standing.ts';
import type { AddressSearch, Patience, SearchResult } from './address-search.ts';
import { blockBase, slotIndex } from './block-name.ts';
import type { ClaimPlan } from './claim-plan.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { isVanished } from './own-records.ts';
import type { Found } from './pool-finder.ts';
import type { Slot } from './slot.ts';
import { classOf } from './slot-class.ts';

/** A new address for a want. */
export interface Grant {
  readonly want: Want;
  readonly pool: PoolRange;
  readonly record: AllocationRecord;
  readonly class: Found['class'];
}

/** What a search for all new addresses of a claim gave. */
export type WantsResult =
  | { readonly kind: 'granted'; readonly grants: readonly Grant[] }
  | { readonly kind: 'refused'; readonly refusals: readonly WantRefusal[] }
  /** Whether there is an address is known when what others of this process do has settled. Nothing stays reserved. */
  | { readonly kind: 'blocked'; readonly settled: Promise<void>; readonly gaveUp: number };

export interface WantSearchOptions {
  readonly claimant: Claimant;
  readonly chooser: Chooser;
  /** Whether addresses are reserved for a write; else this is a dry run. */
  readonly reserves: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Finds the new addresses of one claim, none of them twice. */
export class WantSearch {
  readonly #parts: LedgerParts;
  readonly #search: AddressSearch;
  readonly #options: WantSearchOptions;
  readonly #grants = new Map<Address, Grant>();

  constructor(parts: LedgerParts, search: AddressSearch, options: WantSearchOptions) {
    this.#parts = parts;
    this.#search = search;
    this.#options = options;
  }

  /** Finds an address for every want that needs one, or all reasons why not. Reservations are left only when all are granted. */
  async run({ servings, refusals: known }: ClaimPlan): Promise<WantsResult> {
    const refusals: WantRefusal[] = [];
    const byWant = new Map<Want, Grant>();
    try {
      for (const { want, ...serving } of servings) {
        const refusal = known.get(want);
        if (refusal !== undefined) refusals.push(refusal);
        if (serving.kind === 'same') {
          const granted = byWant.get(serving.as);
          const differs = granted && refuseStanding(want, granted.record);
          if (differs !== undefined) refusals.push(differs);
        }
        if (serving.kind !== 'new') continue;
        const result = await this.#find(want, refusals.length > 0 || known.size > 0);
        if (result.kind === 'blocked') return { ...result, gaveUp: this.#giveUp() };
        if (result.kind === 'refused') refusals.push(result.refusal);
        else byWant.set(want, this.#grant(want, result));
      }
    } catch (error) {
      this.#giveUp();
      throw error;
    }
    if (refusals.length === 0) return { kind: 'granted', grants: [...byWant.values()] };
    this.#giveUp();
    return { kind: 'refused', refusals };
  }

  async #find(want: Want, isRefused: boolean): Promise<SearchResult> {
    if (want.requested !== undefined) return this.#findRequested(want, want.requested);
    const { chooser, reserves, signal } = this.#options;
    const ask = { chooser, spokenFor: new Set(this.#grants.keys()), reserves, signal };
    const patience: Patience = reserves ? 'patient' : 'urgent';
    return this.#search.find(want, ask, isRefused ? 'credulous' : patience);
  }

  async #findRequested(want: Want, address: Address): Promise<SearchResult> {
    const pool = want.pools.find((candidate) => candidate.eligible.contains(address));
    if (pool === undefined) return { kind: 'refused', refusal: { cause: 'requested-outside', want } };
    const mine = this.#grants.get(address);
    if (mine !== undefined)
      return { kind: 'refused', refusal: { cause: 'requested-taken', want, by: mine.record } };
    const { signal, reserves } = this.#options;
    const index = slotIndex(address);
    for (;;) {
      const writer = this.#parts.cache.writer(blockBase(address));
      const block = await writer.refresh(signal);
      if (reserves) {
        // Not waited for with other addresses in hand: the one who has this may want those.
        if (writer.busy.has(index)) return { kind: 'blocked', settled: writer.busy.settled(index) };
        if (this.#parts.cache.peek(block.base) !== writer) continue;
      }
      const { own } = this.#parts;
      const vanished = isVanished(own, block, address) ? own.at(address)?.record : undefined;
      const by = vanished ?? this.#holderOf(block.slot(index), pool);
      if (by !== undefined) return { kind: 'refused', refusal: { cause: 'requested-taken', want, by } };
      if (reserves) writer.busy.reserve(index, 'take');
      return { kind: 'found', pool, address, class: 'free' };
    }
  }

  /** Who stands in the way: the record, or who had a suspect address whose node may still run that pod. */
  #holderOf(slot: Slot, pool: PoolRange): AllocationRecord | undefined {
    if (slot.kind === 'record') return slot.record;
    if (slot.kind === 'unreadable') {
      throw new LedgerError('LEDGER_IO', `the slot of the requested address can't be read: ${slot.reason}`);
    }
    if (slot.kind === 'unused') return undefined;
    const nowMs = this.#parts.nowMs();
    const { freedMs, last } = slot.released;
    const isSuspect = classOf(slot, pool, nowMs) === 'suspect';
    return isSuspect && !isSuspectUsable(Math.min(freedMs, nowMs), nowMs) ? last : undefined;
  }

  #grant(want: Want, found: Found): Grant {
    const { claimant } = this.#options;
    const { pool, address } = found;
    if (this.#grants.has(address)) throw new Error(`the chooser picked ${formatAddress(address)} twice`);
    const record = newRecord(want, pool, address, { claimant, nowMs: this.#parts.nowMs() });
    const grant: Grant = { want, pool, record, class: found.class };
    this.#grants.set(address, grant);
    return grant;
  }

  #giveUp(): number {
    if (this.#options.reserves) {
      for (const address of this.#grants.keys()) {
        this.#parts.cache.writer(blockBase(address)).busy.unreserve(slotIndex(address));
      }
    }
    return this.#grants.size;
  }
}
