import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Condition } from '../api/resources.ts';
import { noCounts } from './block-tally.ts';
import { type FillLevel, fillLevel, severityOf } from './fill-level.ts';
import { findConditions, mergeConditions, type PoolFacts, readConditions } from './pool-conditions.ts';
import { happeningsOf } from './pool-happenings.ts';

const facts: PoolFacts = {
  use: { ...noCounts, free: 100n },
  problem: undefined,
  isDeleting: false,
  hasOriginalRecords: false,
  eligible: 100n,
  overlaps: [],
};
const early = '2026-01-01T00:00:00Z';
const late = '2026-01-01T01:00:00Z';

/** The facts of a pool of which so many addresses are taken. */
function taken(count: number, more: Partial<PoolFacts> = {}): PoolFacts {
  return { ...facts, ...more, use: { ...facts.use, allocated: count, taken: count } };
}

/** The conditions of facts, given those that stood. */
function told(of: PoolFacts, before: readonly Condition[] = [], time = early): readonly Condition[] {
  return mergeConditions(findConditions(of, before), before, { time, generation: 3 });
}

function summary(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

/** The level of a pool of 100 addresses of which nothing was told. */
function levelAt(used: bigint): FillLevel {
  return fillLevel({ eligible: 100n, available: 100n - used }, undefined);
}

function reasons(before: readonly Condition[], now: readonly Condition[]): readonly string[] {
  return happeningsOf(before, now).map(({ reason }) => reason);
}

const levelArb = fc.constantFrom<FillLevel>(
  'Below80Percent',
  'Above80Percent',
  'Above95Percent',
  'Exhausted',
);

describe('fillLevel()', () => {
  test('fillLevel() follows the percentages where nothing was told', () => {
    assert.deepEqual([0n, 79n, 80n, 94n, 95n, 99n, 100n].map(levelAt), [
      'Below80Percent',
      'Below80Percent',
      'Above80Percent',
      'Above80Percent',
      'Above95Percent',
      'Above95Percent',
      'Exhausted',
    ]);
  });

  test('fillLevel() leaves a level only some percent below where it began, but never claims a pool to be exhausted', () => {
    const eligible = 1000n;
    fc.assert(
      fc.property(fc.bigInt(0n, eligible), levelArb, (available, before) => {
        const level = fillLevel({ eligible, available }, before);
        const fresh = fillLevel({ eligible, available }, undefined);
        assert.equal(level === 'Exhausted', available === 0n);
        assert.ok(severityOf(level) >= severityOf(fresh));
        const used = Number(eligible - available) / 10;
        if (severityOf(level) > severityOf(fresh)) assert.ok(used >= (level === 'Above95Percent' ? 90 : 75));
        // What was told is told again: nothing flaps between two values.
        assert.equal(fillLevel({ eligible, available }, level), level);
      }),
    );
  });

  test('fillLevel() is exact for pools beyond 2^53', () => {
    const eligible = 2n ** 64n;
    assert.equal(fillLevel({ eligible, available: 1n }, undefined), 'Above95Percent');
    assert.equal(fillLevel({ eligible, available: eligible }, undefined), 'Below80Percent');
  });
});

describe('findConditions()', () => {
  test('findConditions() tells of a healthy pool that it is not almost full', () => {
    assert.deepEqual(summary(told(facts)), ['AlmostFull False Below80Percent']);
  });

  test('findConditions() counts suspect addresses that nobody gets as in use, and resting ones not', () => {
    const use = { ...facts.use, taken: 70, suspect: 12, withheld: 10, cooling: 18 };
    assert.deepEqual(summary(told({ ...facts, use })), ['AlmostFull True Above80Percent']);
    assert.deepEqual(summary(told({ ...facts, use: { ...use, withheld: 0 } })), [
      'AlmostFull False Below80Percent',
    ]);
  });

  test('findConditions() tells everything that applies', () => {
    const use = { ...noCounts, allocated: 3, outside: 2, taken: 1, free: 0n };
    const bad: PoolFacts = { ...facts, use, isDeleting: true, eligible: 1n, overlaps: ['a and b'] };
    assert.deepEqual(summary(told(bad)), [
      'AlmostFull True Exhausted',
      'Overlap True OverlapsPools',
      'OutsideAllocations True RangesCut',
      'Deleting True WaitsForAddresses',
    ]);
    const message = told(bad).find(({ type }) => type === 'Deleting')?.message;
    assert.match(message ?? '', /3 addresses are in use/);
  });

  test('findConditions() does not judge the use of a pool whose records it does not know', () => {
    assert.deepEqual(summary(told({ ...facts, hasOriginalRecords: true, isDeleting: true })), [
      'Deleting True WaitsForOriginalRecords',
      'OriginalRecords True NotImported',
    ]);
    assert.deepEqual(summary(told({ ...facts, problem: 'spec.ips: wrong' })), ['Invalid True NotUsable']);
  });

  test('findConditions() has no more words than a condition may have', () => {
    const overlaps = Array.from({ length: 1_000 }, (_, index) => `pools a and ${'b'.repeat(253)}${index}`);
    const [, overlap] = told({ ...facts, overlaps });
    assert.ok((overlap?.message.length ?? 0) < 32_768);
    assert.match(overlap?.message ?? '', /and 995 more$/);
  });

  test('findConditions() says of a pool without addresses what it lacks', () => {
    assert.deepEqual(summary(told({ ...facts, eligible: 0n })), ['AlmostFull True NoAddresses']);
  });
});

describe('mergeConditions()', () => {
  test('mergeConditions() keeps the time while the status does not change', () => {
    const first = told(taken(85));
    const second = told(taken(97), first, late);
    assert.equal(second[0]?.reason, 'Above95Percent');
    assert.equal(second[0]?.lastTransitionTime, early);
    const third = told(taken(10), second, late);
    assert.deepEqual([third[0]?.status, third[0]?.lastTransitionTime], ['False', late]);
  });

  test('mergeConditions() leaves what others tell, and is at rest once it was written', () => {
    const foreign: Condition = {
      type: 'example.org/Checked',
      status: 'True',
      reason: 'Ok',
      message: '',
      lastTransitionTime: early,
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.boolean(), (count, isDeleting) => {
        const of = taken(count, { isDeleting });
        const first = told(of, [foreign]);
        assert.ok(first.includes(foreign));
        assert.deepEqual(told(of, readConditions(structuredClone(first)), late), first);
      }),
    );
  });

  test('readConditions() takes any value', () => {
    fc.assert(fc.property(fc.anything(), (value) => Array.isArray(readConditions(value))));
    assert.deepEqual(readConditions([{ type: 'a' }, null]), []);
  });
});

describe('happeningsOf()', () => {
  test('happeningsOf() tells each level once on the way up, and none on the way down', () => {
    let before: readonly Condition[] = [];
    const found: (readonly string[])[] = [];
    for (const count of [10, 80, 85, 96, 100, 99, 85, 40, 100]) {
      const now = told(taken(count), before);
      found.push(reasons(before, now));
      before = now;
    }
    const [above80, above95, exhausted] = ['IPPoolAbove80Percent', 'IPPoolAbove95Percent', 'IPPoolExhausted'];
    assert.deepEqual(found, [[], [above80], [], [above95], [exhausted], [], [], [], [exhausted]]);
  });

  test('happeningsOf() tells of overlaps and of deletions that wait once', () => {
    const bad = taken(1, { isDeleting: true, overlaps: ['pools a and b both have 10.6.0.1'] });
    const now = told(bad);
    assert.deepEqual(
      happeningsOf([], now).map(({ type, reason }) => `${type} ${reason}`),
      ['Warning IPPoolOverlap', 'Normal IPPoolWaits'],
    );
    assert.deepEqual(happeningsOf(now, now), []);
    const gone = told(taken(0, { isDeleting: true }), now);
    assert.deepEqual(happeningsOf(now, gone), []);
  });
});
