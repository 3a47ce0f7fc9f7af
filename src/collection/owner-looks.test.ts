import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OwnerLooks } from './owner-looks.ts';

const times = { againMs: 10, invalidMs: 45 };
const both = new Set(['a', 'b']);

test('OwnerLooks.due() asks for each owner at once, and then every so often, the longest unseen first', () => {
  const looks = new OwnerLooks(times);
  assert.deepEqual(looks.due(both, 0), ['a', 'b']);
  looks.looked('b', true, 0);
  assert.deepEqual(looks.due(both, 5), ['a']);
  looks.looked('a', true, 5);
  assert.deepEqual(looks.due(both, 9), []);
  assert.equal(looks.nextDueMs(9), 10);
  assert.deepEqual(looks.due(both, 20), ['b', 'a']);
  assert.equal(looks.nextDueMs(20), 30);
  assert.deepEqual(looks.due(new Set(), 20), []);
  assert.equal(looks.nextDueMs(20), Number.POSITIVE_INFINITY);
});

test('OwnerLooks.looked() tells an owner that was invalid all the time, and not one that was valid in between', () => {
  const looks = new OwnerLooks(times);
  looks.due(both, 0);
  assert.equal(looks.looked('a', false, 0), false);
  assert.equal(looks.suspected, 1);
  assert.equal(looks.looked('a', false, 40), false);
  assert.equal(looks.nextDueMs(40), 45);
  assert.deepEqual(looks.due(new Set(['a']), 45), ['a']);
  assert.equal(looks.looked('a', false, 45), true);
  // What could not be freed then is told again.
  assert.deepEqual(looks.due(new Set(['a']), 46), ['a']);
  assert.equal(looks.looked('a', false, 46), true);
  assert.equal(looks.looked('a', true, 47), false);
  assert.equal(looks.suspected, 0);
  assert.equal(looks.looked('a', false, 57), false);
});

test('OwnerLooks.looked() never tells an owner by one look, whatever the times are', () => {
  const looks = new OwnerLooks({ againMs: 0, invalidMs: 0 });
  looks.due(both, 0);
  assert.equal(looks.looked('a', false, 0), false);
  assert.equal(looks.looked('a', false, 1), true);
});

test('OwnerLooks.looked() tells an owner only when all looks over the whole time have found it invalid', () => {
  const lookArb = fc.record({
    afterMs: fc.integer({ min: 1, max: 30 }),
    isValid: fc.boolean(),
    isListed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(lookArb, { maxLength: 30 }), (steps) => {
      const looks = new OwnerLooks(times);
      let nowMs = 0;
      let invalidSinceMs: number | undefined;
      for (const { afterMs, isValid, isListed } of steps) {
        nowMs += afterMs;
        const due = looks.due(new Set(isListed ? ['a'] : []), nowMs);
        if (!isListed) invalidSinceMs = undefined;
        if (due.length === 0) continue;
        if (isValid) invalidSinceMs = undefined;
        else invalidSinceMs ??= nowMs;
        const isOver = invalidSinceMs !== undefined && nowMs - invalidSinceMs >= times.invalidMs;
        assert.equal(looks.looked('a', isValid, nowMs), isOver);
      }
    }),
  );
});
