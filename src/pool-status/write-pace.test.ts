import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { jsonCount, statusChanges } from './status-changes.ts';
import { WriteBudget, writeIntervalMs } from './write-pace.ts';

/** Writes that a budget grants to who asks all the time. */
function granted(nodes: number, seconds: number): number {
  const budget = new WriteBudget(0);
  let writes = 0;
  for (let nowMs = 0; nowMs <= seconds * 1_000; ) {
    const waitMs = budget.take(nodes, nowMs);
    if (waitMs === 0) writes += 1;
    nowMs += waitMs;
  }
  return writes;
}

describe('writeIntervalMs()', () => {
  test('writeIntervalMs() is a second for small pools, and lets a large map be written no faster than 10 kB a second', () => {
    assert.equal(writeIntervalMs(0), 1_000);
    assert.equal(writeIntervalMs(9_000), 1_000);
    assert.equal(writeIntervalMs(49_000), 5_000);
  });
});

describe('WriteBudget', () => {
  test('WriteBudget grants no more than 100 writes a second, and fewer the more nodes are told of each', () => {
    assert.ok(Math.abs(granted(10, 10) - 1_000) <= 2);
    assert.ok(Math.abs(granted(1_000, 10) - 100) <= 2);
    assert.ok(Math.abs(granted(5_000, 10) - 20) <= 2);
  });

  test('WriteBudget saves the writes of one second and no more, for any clusters', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (nodes, idleMs) => {
          const budget = new WriteBudget(0);
          let writes = 0;
          while (writes <= 100 && budget.take(nodes, idleMs) === 0) writes += 1;
          assert.ok(writes >= 1 && writes <= 100, `${writes}`);
          const waitMs = budget.take(nodes, idleMs);
          assert.ok(waitMs > 0);
          assert.equal(budget.take(nodes, idleMs + waitMs + 0.001), 0);
        },
      ),
    );
  });
});

describe('statusChanges()', () => {
  test('statusChanges() finds what differs, and nothing in what stands', () => {
    const standing = { totalIPCount: 5, conditions: [{ type: 'a' }], other: 1 };
    assert.equal(statusChanges({ totalIPCount: 5, allocatedIPs: null }, standing), undefined);
    assert.deepEqual(statusChanges({ totalIPCount: 6, conditions: [{ type: 'a' }] }, standing), {
      totalIPCount: 6,
    });
    assert.deepEqual(statusChanges({ other: null }, standing), { other: null });
  });

  test('jsonCount() saturates and keeps every digit', () => {
    assert.equal(jsonCount(7n), 7);
    assert.equal(jsonCount(2n ** 53n + 1n), 2n ** 53n + 1n);
    assert.equal(jsonCount(2n ** 70n), 2n ** 63n - 1n);
  });
});
