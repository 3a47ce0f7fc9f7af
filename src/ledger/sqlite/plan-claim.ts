import type { Address } from '../../ip/address.ts';
import type { Choice, ChoiceClass, Chooser } from '../../ipam/choose.ts';
import { isSuspectUsable } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { Claimant, WantRefusal } from '../ledger.ts';
import type { PoolState } from '../pool-state.ts';
import type { AllocationRecord, ReleasedRecord, StaticOwner } from '../record.ts';
import { sameRecord } from '../record-equality.ts';
import { newRecord, refuseStanding, standingFor, supersededBy } from '../standing.ts';
import { takenOver, withNewSandbox } from '../take-over.ts';

/** What a claim is decided on: the store as it stands inside of the transaction. */
export interface ClaimView {
  at(address: Address): AllocationRecord | undefined;
  ofUid(uid: string): readonly AllocationRecord[];
  ofOwner(owner: StaticOwner): readonly AllocationRecord[];
  released(address: Address): ReleasedRecord | undefined;
  pool(range: PoolRange): PoolState;
}

/** What is asked, by whom, and when. */
export interface ClaimRequest {
  readonly claimant: Claimant;
  readonly wants: readonly Want[];
  readonly chooser: Chooser;
  readonly nowMs: number;
  readonly random: () => number;
}

/** How one want is served. */
export interface Grant {
  readonly want: Want;
  /** As it will stand. */
  readonly record: AllocationRecord;
  readonly class: ChoiceClass | 'standing';
}

/** A claim that is decided but not written. */
export type ClaimPlan =
  | {
      readonly kind: 'granted';
      readonly grants: readonly Grant[];
      /** Records to write for addresses that have none. */
      readonly created: readonly AllocationRecord[];
      /** Standing records whose content changes. */
      readonly changed: readonly AllocationRecord[];
      /** Records of the owner that new ones replace. */
      readonly freed: readonly AllocationRecord[];
    }
  | { readonly kind: 'refused'; readonly refusals: readonly WantRefusal[] };

/**
 * Decides a claim as a whole: every want is served by a record that stands or by a new address, or all reasons are told.
 * Changes nothing, so the same code answers a dry run.
 */
export function planClaim(view: ClaimView, request: ClaimRequest): ClaimPlan {
  const { claimant, wants } = request;
  const own = view.ofUid(claimant.holder.uid);
  // First what this pod holds, then what its static owner keeps.
  const standing = claimant.owner === undefined ? own : [...own, ...view.ofOwner(claimant.owner)];
  const search = new AddressSearch(view, request);
  const grants: Grant[] = [];
  const refusals: WantRefusal[] = [];
  const changed = new Map<Address, AllocationRecord>();
  const freed = new Set<AllocationRecord>();
  for (const record of own) note(changed, record, withNewSandbox(record, claimant.holder));
  for (const want of wants) {
    const record = standingFor(standing, want, claimant) ?? search.planned(want);
    const served =
      record === undefined
        ? search.serve(want)
        : grantStanding(want, record, search.isNew(record) ? record : takenOver(record, claimant));
    if ('cause' in served) {
      refusals.push(served);
      continue;
    }
    grants.push(served);
    for (const replaced of supersededBy(standing, want, claimant)) freed.add(replaced);
    if (record !== undefined && !search.isNew(record)) note(changed, record, served.record);
  }
  if (refusals.length > 0) return { kind: 'refused', refusals };
  return {
    kind: 'granted',
    grants,
    created: search.created,
    changed: [...changed.values()],
    freed: [...freed],
  };
}

function note(
  changed: Map<Address, AllocationRecord>,
  before: AllocationRecord,
  after: AllocationRecord,
): void {
  if (!sameRecord(before, after)) changed.set(after.address, after);
}

function grantStanding(
  want: Want,
  standing: AllocationRecord,
  record: AllocationRecord,
): Grant | WantRefusal {
  return refuseStanding(want, standing) ?? { want, record, class: 'standing' };
}

/** Finds addresses for the wants of one claim, none of them twice. */
class AddressSearch {
  readonly #view: ClaimView;
  readonly #request: ClaimRequest;
  readonly #spokenFor = new Map<Address, AllocationRecord>();
  readonly #spokenAddresses = new Set<Address>();

  constructor(view: ClaimView, request: ClaimRequest) {
    this.#view = view;
    this.#request = request;
  }

  get created(): readonly AllocationRecord[] {
    return [...this.#spokenFor.values()];
  }

  /** The new record that serves an earlier want for the same NIC and family. */
  planned(want: Want): AllocationRecord | undefined {
    return standingFor(this.created, want, this.#request.claimant);
  }

  isNew(record: AllocationRecord): boolean {
    return this.#spokenFor.get(record.address) === record;
  }

  serve(want: Want): Grant | WantRefusal {
    return want.requested === undefined ? this.#serveAny(want) : this.#serveRequested(want, want.requested);
  }

  /**
   * The pools in their order; one that has no free and no cooling address is exhausted and the next is asked. A suspect
   * address may still answer on the wire, so one is taken only when no pool has anything better.
   */
  #serveAny(want: Want): Grant | WantRefusal {
    let suspect: Grant | undefined;
    for (const pool of want.pools) {
      const choice = this.#choose(pool);
      if (choice === undefined) continue;
      const grant = { want, record: this.#record(want, pool, choice.address), class: choice.class };
      if (choice.class !== 'suspect') return this.#speakFor(grant);
      suspect ??= grant;
    }
    if (suspect !== undefined) return this.#speakFor(suspect);
    return { cause: 'exhausted', want, pools: want.pools.map((pool) => this.#view.pool(pool).usage()) };
  }

  #choose(pool: PoolRange): Choice | undefined {
    const { chooser, nowMs, random } = this.#request;
    const state = this.#view.pool(pool);
    const choice = chooser(state.run(this.#spokenAddresses), { nowMs, random });
    if (choice !== undefined && (this.#spokenFor.has(choice.address) || !state.offers(choice.address))) {
      throw new Error(`the chooser picked an address that pool ${pool.name} did not offer`);
    }
    return choice;
  }

  #serveRequested(want: Want, address: Address): Grant | WantRefusal {
    const pool = want.pools.find((candidate) => candidate.eligible.contains(address));
    if (pool === undefined) return { cause: 'requested-outside', want };
    const by = this.#spokenFor.get(address) ?? this.#view.at(address) ?? this.#stillOnTheWire(pool, address);
    if (by !== undefined) return { cause: 'requested-taken', want, by };
    return this.#speakFor({ want, record: this.#record(want, pool, address), class: 'free' });
  }

  /** Who had a suspect address that has not rested long enough: its node may still run that pod. */
  #stillOnTheWire(pool: PoolRange, address: Address): AllocationRecord | undefined {
    const freedMs = this.#view.pool(pool).suspectSinceMs(address);
    if (freedMs === undefined || isSuspectUsable(freedMs, this.#request.nowMs)) return undefined;
    return this.#view.released(address)?.last;
  }

  #speakFor(grant: Grant): Grant {
    this.#spokenFor.set(grant.record.address, grant.record);
    this.#spokenAddresses.add(grant.record.address);
    return grant;
  }

  #record(want: Want, pool: PoolRange, address: Address): AllocationRecord {
    return newRecord(want, pool, address, this.#request);
  }
}
