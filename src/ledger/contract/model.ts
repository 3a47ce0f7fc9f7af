import assert from 'node:assert/strict';
import type { Address } from '../../ip/address.ts';
import { compareAddresses, familyOf, formatAddress } from '../../ip/address.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { Ledger, PoolUsage, WantRefusal } from '../ledger.ts';
import type { AllocationRecord } from '../record.ts';
import { afterClaim, type ClaimOutcomeSeen, lost, sameJson, standing, withHolder } from './expectations.ts';
import type { Outcome, Subject } from './subjects.ts';
import { POOLS } from './subjects.ts';

type Records = ReadonlyMap<Address, AllocationRecord>;

/** What stood before and after a step in which all this happened. */
interface States {
  readonly before: Records;
  readonly after: Records;
  readonly outcomes: readonly Outcome[];
}

/**
 * What a ledger must hold. It follows the answers; where an answer leaves the choice of an address or the outcome of a
 * request open, it takes what the ledger holds and checks that this was allowed.
 */
export class LedgerModel {
  #records: Records = new Map();
  /** Addresses freed by an acknowledged release in the last step, with the record as it was. */
  #freed: Records = new Map();
  /** Addresses whose last release was suspect. */
  readonly #suspects = new Set<Address>();

  recordsOf(subject: string): readonly AllocationRecord[] {
    return [...this.#records.values()].filter((record) => subjectOf(record) === subject);
  }

  /** Checks all that the ledger holds after some subjects acted at once, and takes it as the new state. */
  advance(found: readonly AllocationRecord[], outcomes: readonly (Outcome & { subject: Subject })[]): void {
    const before = this.#records;
    const after = new Map(found.map((record) => [record.address, record]));
    checkSane(found, after);
    const acting = new Map(outcomes.map((outcome) => [outcome.subject.name, outcome]));
    const names = new Set([...before.values(), ...after.values()].map(subjectOf));
    const freed = new Map<Address, AllocationRecord>();
    for (const name of names) if (!acting.has(name)) assert.deepEqual(of(after, name), of(before, name));
    for (const [name, outcome] of acting) {
      const [was, is] = [of(before, name), of(after, name)];
      if (outcome.kind === 'claim') this.#checkClaim(outcome, was, is, { before, after, outcomes });
      else checkChange(outcome, was, is);
      if (outcome.kind !== 'release') continue;
      for (const record of was) {
        if (is.some((it) => it.address === record.address)) continue;
        this.#noteFreed(
          record.address,
          'suspect' in outcome.condition && (outcome.condition.suspect ?? false),
        );
        if (outcome.answer === 'done' && !after.has(record.address)) freed.set(record.address, record);
      }
    }
    for (const address of after.keys()) this.#suspects.delete(address);
    this.#records = after;
    this.#freed = freed;
  }

  /** What was freed is remembered as it was. */
  async checkTraces(ledger: Ledger, nowMs: number): Promise<void> {
    for (const [address, last] of this.#freed) {
      const suspect = this.#suspects.has(address);
      assert.deepEqual(await ledger.lastHolder(address), { last, freedMs: nowMs, suspect });
    }
  }

  /** Every eligible address is counted exactly once. */
  checkUsage(pools: readonly PoolRange[], usages: readonly PoolUsage[]): void {
    const records = [...this.#records.values()];
    for (const [i, pool] of pools.entries()) {
      const usage = usages[i];
      assert.ok(usage);
      const taken = records.filter((record) => pool.eligible.contains(record.address)).length;
      assert.equal(usage.allocated, records.filter((record) => record.pool === pool.name).length);
      assert.equal(usage.outside, 0);
      assert.equal(usage.free + BigInt(usage.cooling + usage.suspect + taken), pool.eligible.size);
    }
  }

  #noteFreed(address: Address, suspect: boolean): void {
    if (suspect) this.#suspects.add(address);
    else this.#suspects.delete(address);
  }

  #checkClaim(
    claim: ClaimOutcomeSeen,
    was: readonly AllocationRecord[],
    is: readonly AllocationRecord[],
    states: States,
  ): void {
    if (claim.answer === 'refused') {
      // A new sandbox may have been committed before a record turned out to be gone.
      if (claim.isAtomic) assert.deepEqual(is, was);
      else checkPartOfClaim(claim, was, is);
      assert.equal(is.length, was.length, 'a refused claim takes nothing');
      for (const refusal of claim.refusals ?? []) this.#checkRefusal(claim, refusal, was, states);
      return;
    }
    // Cancelled, or the handle crashed: as if it had never been asked, or done as a whole.
    if (claim.answer === 'unknown' && sameJson(is, was)) return;
    if (claim.answer === 'unknown' && claim.mayBePartial) {
      checkPartOfClaim(claim, was, is);
      return;
    }
    const wasAt = new Set(was.map((record) => record.address));
    const created = is.filter((record) => !wasAt.has(record.address));
    const kept = is.filter((record) => wasAt.has(record.address));
    assert.deepEqual(kept, afterClaim(was, claim), 'standing records are kept and taken over');
    const expected = new Map<string, AllocationRecord>();
    for (const want of claim.wants) {
      const record = standing(kept, claim.claimant, want) ?? standing(created, claim.claimant, want);
      assert.ok(record, `${want.nic} has an IPv${want.family} address`);
      if (want.requested !== undefined) assert.equal(record.address, want.requested);
      expected.set(keyOf(want), record);
    }
    const used = new Set([...expected.values()].map((record) => record.address));
    assert.ok(created.every((record) => used.has(record.address)));
    if (claim.records !== undefined) {
      const answered = claim.wants.map((want) => expected.get(keyOf(want)));
      assert.deepEqual(claim.records, answered);
    }
  }

  #checkRefusal(
    claim: ClaimOutcomeSeen,
    refusal: WantRefusal,
    was: readonly AllocationRecord[],
    { before, after, outcomes }: States,
  ): void {
    const { want } = refusal;
    const held = standing(was, claim.claimant, want);
    if (refusal.cause === 'requested-differs') {
      assert.ok(refusal.standing.address !== want.requested && refusal.standing.nic === want.nic);
      return;
    }
    assert.equal(held, undefined, 'what stands is not refused');
    if (refusal.cause === 'requested-outside') {
      const requested = want.requested ?? assert.fail('an address was requested');
      assert.ok(want.pools.every((pool) => !pool.eligible.contains(requested)));
      return;
    }
    if (refusal.cause === 'requested-taken') {
      assert.equal(refusal.by.address, want.requested);
      return;
    }
    // Free before and after means free all the while: others act once in a step. Its own other wants may have had it.
    // Unless another claim had it for a while and gave it back, which only stores do that write one address after the other.
    if (outcomes.some(mayHaveGivenBack)) return;
    const idle = [...addressesOf(want.pools)].filter(
      (address) => !before.has(address) && !after.has(address) && !this.#suspects.has(address),
    );
    assert.ok(idle.length < claim.wants.length, `exhausted while ${idle.map(formatAddress).join(', ')} idle`);
  }
}

function checkSane(found: readonly AllocationRecord[], byAddress: Records): void {
  assert.equal(byAddress.size, found.length, 'no address twice');
  const users = new Set<string>();
  for (const [i, record] of found.entries()) {
    const next = found[i + 1];
    assert.ok(next === undefined || compareAddresses(record.address, next.address) < 0, 'in address order');
    const pool = POOLS.find((it) => it.name === record.pool);
    assert.ok(pool?.eligible.contains(record.address), 'of its pool');
    assert.ok(record.owner === undefined ? record.holders.length === 1 : record.holders.length <= 2);
    for (const holder of record.holders) {
      const user = [holder.uid, record.nic, familyOf(record.address)].join(' ');
      assert.ok(!users.has(user), `${user} has one address`);
      users.add(user);
    }
  }
}

function checkChange(
  outcome: Exclude<Outcome, ClaimOutcomeSeen>,
  was: readonly AllocationRecord[],
  is: readonly AllocationRecord[],
): void {
  if (outcome.answer === 'unknown' && sameJson(is, was)) return;
  if (outcome.answer === 'unknown' && outcome.mayBePartial) {
    checkPartOfChange(outcome, was, is);
    return;
  }
  if (outcome.kind === 'none') {
    assert.deepEqual(is, was);
  } else if (outcome.kind === 'confirm') {
    assert.deepEqual(is, withHolder(was, outcome.holder));
  } else {
    const affected = was.filter((record) => lost(record, outcome) !== undefined);
    assert.deepEqual(
      is,
      was.flatMap((record) => lost(record, outcome) ?? [record]),
    );
    if (outcome.freed !== undefined) assert.deepEqual(outcome.freed, affected);
  }
}

/** Each record was changed as it was asked, or not at all. */
function checkPartOfChange(
  outcome: Exclude<Outcome, ClaimOutcomeSeen>,
  was: readonly AllocationRecord[],
  is: readonly AllocationRecord[],
): void {
  assert.ok(is.every((record) => was.some((it) => it.address === record.address)));
  for (const record of was) {
    const done =
      outcome.kind === 'confirm'
        ? withHolder([record], outcome.holder)
        : (outcome.kind === 'release' && lost(record, outcome)) || [record];
    const found = is.filter((it) => it.address === record.address);
    assert.ok(
      sameJson(found, [record]) || sameJson(found, done),
      'a record is as it was or as it was asked to be',
    );
  }
}

/** Each standing record is as it was or taken over, and each new one serves a want that nothing served. */
function checkPartOfClaim(
  claim: ClaimOutcomeSeen,
  was: readonly AllocationRecord[],
  is: readonly AllocationRecord[],
): void {
  const whole = afterClaim(was, claim);
  for (const [i, record] of was.entries()) {
    const found = is.find((it) => it.address === record.address);
    assert.ok(sameJson(found, record) || sameJson(found, whole[i]), 'standing records are kept');
  }
  const created = is.filter((record) => !was.some((it) => it.address === record.address));
  for (const record of created) {
    const want = claim.wants.find((it) => standing([record], claim.claimant, it) !== undefined);
    assert.ok(want && standing(was, claim.claimant, want) === undefined);
    assert.ok(want.requested === undefined || claim.wants.some((it) => it.requested === record.address));
  }
}

function mayHaveGivenBack(outcome: Outcome): boolean {
  if (outcome.kind !== 'claim' || outcome.isAtomic) return false;
  return outcome.answer === 'unknown' || (outcome.answer === 'refused' && outcome.wants.length > 1);
}

function* addressesOf(pools: readonly PoolRange[]): Generator<Address, void, undefined> {
  const seen = new Set<Address>();
  for (const { eligible } of pools) {
    for (let n = 0n; n < eligible.size; n++) {
      const address = eligible.nth(n);
      if (address === undefined || seen.has(address)) continue;
      seen.add(address);
      yield address;
    }
  }
}

function subjectOf(record: AllocationRecord): string {
  return (
    record.owner?.name ?? record.holders[0]?.pod.name ?? assert.fail('a record without an owner has a holder')
  );
}

function of(records: Records, subject: string): AllocationRecord[] {
  return [...records.values()].filter((record) => subjectOf(record) === subject);
}

function keyOf(want: Want): string {
  return `${want.nic}/${want.family}`;
}
