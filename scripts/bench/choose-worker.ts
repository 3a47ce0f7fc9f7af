// The choice of an address without a store: what the ledger executes on its in-memory state of a pool.

import type { Address } from '../../src/ip/address.ts';
import { nextAddress, offsetAddress } from '../../src/ip/address.ts';
import { cidrRange, parseCidr } from '../../src/ip/cidr.ts';
import { RangeIndex } from '../../src/ip/range-index.ts';
import { RangeSet } from '../../src/ip/range-set.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { PoolRange } from '../../src/ipam/want.ts';
import { PoolState } from '../../src/ledger/pool-state.ts';
import { RestQueue } from '../../src/ledger/rest-queue.ts';
import { type ClaimView, planClaim } from '../../src/ledger/sqlite/plan-claim.ts';
import { randomBelow, seededRandom } from '../../test/support/seeded-random.ts';
import type { ChooseScenario, Fill } from './choose-section.ts';
import { serveWorker } from './run-worker.ts';

const pools = ['10.1.2.0/24', '10.1.0.0/16', '10.0.0.0/8', 'fd00:1:2::/48'];
const fills: readonly Fill[] = ['empty', 'scattered', 'full but one'];
/** Or half of the pool when it is smaller. */
const recordsMax = 100_000;
/** Long against the clock's resolution and against a collection of garbage. */
const roundMs = 25;
/** The just-in-time compilers are done after these. */
const warmUpRounds = 3;
/** Addresses that are taken and given back in turn. */
const placesMax = 1024;

/** One pool filled in one way. */
interface Subject {
  readonly state: PoolState;
  readonly range: PoolRange;
  /** Addresses for {@link takeAndGiveBack}: allocated ones are given back and taken again, free ones the other way round. */
  readonly places: readonly Address[];
  readonly placesAreFree: boolean;
}

function makeSubject(subnet: string, fill: Fill): Subject {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new Error(`${subnet} is not a subnet`);
  const eligible = RangeSet.of(cidr.family, [cidrRange(cidr)]);
  const random = seededRandom(eligible.size);
  const taken = fill === 'scattered' ? drawAddresses(eligible, random) : contiguous(eligible, fill);
  const free = eligible.subtract(taken);
  const range: PoolRange = {
    name: 'bench',
    family: cidr.family,
    subnet: cidr,
    eligible,
    reuseDelayMs: 30_000,
  };
  const state = new PoolState({
    range,
    free: new RangeIndex(cidr.family, free),
    cooling: new RestQueue(),
    suspect: new RestQueue(),
    allocated: Number(taken.size),
    outside: 0,
  });
  const placesAreFree = fill !== 'scattered';
  const drawn = Array.from({ length: placesMax }, () => drawMember(placesAreFree ? free : taken, random));
  return { state, range, places: [...new Set(drawn)], placesAreFree };
}

function contiguous(eligible: RangeSet, fill: Fill): RangeSet {
  const second = nextAddress(lowest(eligible));
  const last = eligible.last();
  if (fill === 'empty' || second === undefined || last === undefined) return RangeSet.empty(eligible.family);
  // All but the lowest: the pool's end is as far away as it can be.
  return RangeSet.of(eligible.family, [{ start: second, end: last }]);
}

function drawAddresses(eligible: RangeSet, random: () => number): RangeSet {
  const half = eligible.size / 2n;
  const count = half < BigInt(recordsMax) ? Number(half) : recordsMax;
  const drawn = new Set<Address>();
  while (drawn.size < count) drawn.add(drawMember(eligible, random));
  return RangeSet.of(
    eligible.family,
    [...drawn].map((address) => ({ start: address, end: address })),
  );
}

function drawMember(set: RangeSet, random: () => number): Address {
  const member = set.nth(randomBelow(set.size, random));
  if (member === undefined) throw new Error('an index below the size of a set has a member');
  return member;
}

function lowest(set: RangeSet): Address {
  return set.first() ?? offsetAddress(0, 0n) ?? 0;
}

const noneSpokenFor: ReadonlySet<Address> = new Set();
const random = seededRandom(1n);
let nowMs = 1_000_000;

/** What a claim asks of a pool: settle what has rested, choose, check the choice. */
function choose({ state }: Subject): unknown {
  state.settle(nowMs);
  const choice = chooseAddress(state.run(noneSpokenFor), { nowMs, random });
  if (choice === undefined || !state.offers(choice.address)) throw new Error('an address is free');
  return choice;
}

const holder = {
  uid: '5f2f8a0e-7b0e-4a55-9d5f-0123456789ab',
  sandbox: 'c'.repeat(64),
  node: 'node-1',
  pod: { namespace: 'default', name: 'bench' },
};

/** The whole decision of an ADD with one want, the record included; of the store only the answers "nothing stands". */
function plan({ state, range }: Subject): unknown {
  const view: ClaimView = {
    at: () => undefined,
    ofUid: () => [],
    ofOwner: () => [],
    released: () => undefined,
    pool: () => {
      state.settle(nowMs);
      return state;
    },
  };
  const wants = [{ nic: 'eth0', family: range.family, pools: [range] }];
  const outcome = planClaim(view, {
    claimant: { holder, network: 'bench' },
    wants,
    chooser: chooseAddress,
    nowMs,
    random,
  });
  if (outcome.kind !== 'granted') throw new Error('an address is free');
  return outcome;
}

let turn = 0;

/** One address leaves the free ones and comes back through its rest, or the other way round. */
function takeAndGiveBack({ state, range, places, placesAreFree }: Subject): unknown {
  turn = (turn + 1) % places.length;
  const address = places[turn];
  if (address === undefined) throw new Error('no place');
  if (placesAreFree) state.take(address);
  state.rest(address, nowMs, false);
  nowMs += range.reuseDelayMs;
  state.settle(nowMs);
  if (!placesAreFree) state.take(address);
  return address;
}

/** Kept, so that no compiler finds that the work is not needed. */
let kept: unknown;

/** @returns nanoseconds an operation, one figure a round */
function time(subject: Subject, operation: (subject: Subject) => unknown, rounds: number): number[] {
  turn = 0;
  let count = 256;
  const run = (): number => {
    const startedMs = performance.now();
    for (let i = 0; i < count; i++) kept = operation(subject);
    return performance.now() - startedMs;
  };
  for (let tookMs = run(); tookMs < roundMs; tookMs = run()) count *= 2;
  for (let round = 0; round < warmUpRounds; round++) run();
  return Array.from({ length: rounds }, () => (run() * 1e6) / count);
}

await serveWorker('choose-worker.ts', ({ rounds }) => {
  const scenarios = pools.flatMap((pool) => fills.map((fill) => ({ pool, fill })));
  const measured = scenarios.map(({ pool, fill }): ChooseScenario => {
    const subject = makeSubject(pool, fill);
    return {
      pool: pool.slice(pool.indexOf('/')),
      family: subject.range.family,
      fill,
      allocated: subject.state.usage().allocated,
      chooseNs: time(subject, choose, rounds),
      planNs: time(subject, plan, rounds),
      cycleNs: time(subject, takeAndGiveBack, rounds),
    };
  });
  if (kept === undefined) throw new Error('nothing was measured');
  return { rounds, scenarios: measured };
});
