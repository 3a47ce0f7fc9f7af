import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RangeIndex } from '../ip/range-index.ts';
import { ip, poolOf, START_MS } from './contract/fixtures.ts';
import { MARK_LIFE_MS, PoolState } from './pool-state.ts';
import { RestQueue } from './rest-queue.ts';

const DELAY_MS = 30_000;
const pool = poolOf('pool', ['10.0.0.0-10.0.0.19'], DELAY_MS);
const first = ip('10.0.0.0');

function freshState(range = pool): PoolState {
  return new PoolState({
    range,
    free: new RangeIndex(4, range.eligible),
    cooling: new RestQueue(),
    suspect: new RestQueue(),
    allocated: 0,
    outside: 0,
  });
}

describe('PoolState', () => {
  it('PoolState.settle() frees what has rested for the delay, and suspects when their mark is forgotten', () => {
    const state = freshState();
    for (const address of [first, ip('10.0.0.1')]) state.take(address);
    state.rest(first, START_MS, false);
    state.rest(ip('10.0.0.1'), START_MS, true);
    state.settle(START_MS + DELAY_MS - 1);
    assert.deepEqual([state.usage().cooling, state.usage().suspect], [1, 1]);
    state.settle(START_MS + DELAY_MS);
    assert.deepEqual([state.usage().cooling, state.usage().suspect], [0, 1]);
    state.settle(START_MS + MARK_LIFE_MS);
    assert.equal(state.usage().free, 20n);
  });

  it('PoolState.clamp() lets releases of a future that never came rest from now on', () => {
    const state = freshState();
    state.take(first);
    state.rest(first, START_MS + 3_600_000, false);
    state.clamp(START_MS);
    state.settle(START_MS + DELAY_MS);
    assert.equal(state.usage().cooling, 0);
  });

  it('PoolState.matches() accepts an equal pool under another identity, and no other', () => {
    const state = freshState();
    assert.ok(state.matches(poolOf('pool', ['10.0.0.0-10.0.0.9', '10.0.0.10-10.0.0.19'], DELAY_MS)));
    assert.equal(state.matches(poolOf('pool', ['10.0.0.0-10.0.0.18'], DELAY_MS)), false);
    assert.equal(state.matches(poolOf('pool', ['10.0.0.0-10.0.0.19'], DELAY_MS + 1)), false);
  });

  it('PoolState.run() offers every free address that is not spoken for, and no other', () => {
    const offsets = fc.uniqueArray(fc.nat(19));
    fc.assert(
      fc.property(offsets, offsets, offsets, fc.nat(30), (taken, resting, spoken, startOffset) => {
        const base = Number(first);
        const state = freshState();
        for (const offset of [...taken, ...resting]) state.take(base + offset);
        for (const offset of resting) state.rest(base + offset, START_MS, offset % 2 === 0);
        const spokenFor = new Set(spoken.map((offset) => base + offset));
        const run = state.run(spokenFor);
        const isOffered = (address: number): boolean =>
          !spokenFor.has(address) && ![...taken, ...resting].includes(address - base);
        const all = Array.from({ length: 20 }, (_, offset) => base + offset);
        const free = all.filter(isOffered);
        assert.equal(run.free.first(), free[0]);
        const start = base + startOffset;
        assert.equal(run.free.nextFrom(start), free.find((address) => address >= start) ?? free[0]);
        const rested = [...run.cooling, ...run.suspect].map(({ address }) => address);
        assert.deepEqual(
          new Set(rested),
          new Set(resting.map((offset) => base + offset).filter((address) => !spokenFor.has(address))),
        );
        for (const address of all) {
          assert.equal(
            state.offers(address),
            !taken.includes(address - base) || resting.includes(address - base),
          );
        }
      }),
    );
  });
});
