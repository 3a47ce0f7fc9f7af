import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Sighting, Suspicions } from './suspicions.ts';

const gone: Sighting = { key: 'a', reason: 'gone', waitMs: 45, isCurrent: true };

function keysDue(suspicions: Suspicions, sightings: readonly Sighting[], nowMs: number): string[] {
  return suspicions.look(sightings, nowMs).map(({ sighting }) => sighting.key);
}

test('Suspicions.look() tells what has looked gone for long enough, and again until it is forgotten', () => {
  const suspicions = new Suspicions();
  assert.deepEqual(keysDue(suspicions, [gone], 0), []);
  assert.deepEqual(keysDue(suspicions, [gone], 44), []);
  assert.deepEqual(keysDue(suspicions, [gone], 45), ['a']);
  assert.deepEqual(keysDue(suspicions, [gone], 46), ['a']);
  suspicions.forget('a');
  assert.deepEqual(keysDue(suspicions, [gone], 47), []);
  assert.equal(suspicions.nextDueMs(47, 10), 92);
});

test('Suspicions.look() begins anew when it did not look so in between, or for another reason', () => {
  const suspicions = new Suspicions();
  keysDue(suspicions, [gone], 0);
  keysDue(suspicions, [], 20);
  assert.equal(suspicions.size, 0);
  assert.deepEqual(keysDue(suspicions, [gone], 45), []);
  assert.deepEqual(keysDue(suspicions, [{ ...gone, reason: 'ending' }], 90), []);
  assert.deepEqual(keysDue(suspicions, [{ ...gone, reason: 'ending' }], 135), ['a']);
});

test('Suspicions.look() tells at once what need not wait', () => {
  assert.deepEqual(keysDue(new Suspicions(), [{ ...gone, waitMs: 0 }], 7), ['a']);
});

test('Suspicions.look() begins anew when what only looked so is heard of', () => {
  const suspicions = new Suspicions();
  keysDue(suspicions, [{ ...gone, isCurrent: false }], 0);
  assert.deepEqual(keysDue(suspicions, [gone], 40), []);
  assert.deepEqual(keysDue(suspicions, [gone], 84), []);
  // Known by then, so a watch that falls silent afterwards changes nothing.
  assert.deepEqual(keysDue(suspicions, [{ ...gone, isCurrent: false }], 85), ['a']);
});

test('Suspicions.confirm() begins the time of what was not heard of, and leaves the time of what was', () => {
  const suspicions = new Suspicions();
  const unheard = { ...gone, isCurrent: false };
  keysDue(suspicions, [unheard], 0);
  assert.deepEqual(suspicions.look([unheard], 45), [{ sighting: unheard, sinceMs: 0, isKnown: false }]);
  suspicions.confirm(unheard, 50);
  assert.deepEqual(keysDue(suspicions, [unheard], 94), []);
  suspicions.confirm(unheard, 94);
  assert.deepEqual(suspicions.look([unheard], 95), [{ sighting: unheard, sinceMs: 50, isKnown: true }]);
});

test('Suspicions.nextDueMs() is the next time that something is due, and a while from now for what is overdue', () => {
  const suspicions = new Suspicions();
  assert.equal(suspicions.nextDueMs(0, 10), Number.POSITIVE_INFINITY);
  keysDue(suspicions, [gone, { ...gone, key: 'b', waitMs: 30 }], 0);
  assert.equal(suspicions.nextDueMs(0, 10), 30);
  assert.equal(suspicions.nextDueMs(32, 10), 42);
  assert.equal(suspicions.nextDueMs(36, 10), 45);
});

test('Suspicions.look() tells only what every look since then has shown, for the same reason, for its whole time', () => {
  const sightingArb = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    reason: fc.constantFrom('gone', 'ending'),
    waitMs: fc.constantFrom(0, 10, 45),
    isCurrent: fc.boolean(),
  });
  const lookArb = fc.record({
    afterMs: fc.nat(30),
    sightings: fc.uniqueArray(sightingArb, { selector: ({ key }) => key }),
  });
  fc.assert(
    fc.property(fc.array(lookArb, { maxLength: 20 }), (looks) => {
      const suspicions = new Suspicions();
      const history: { readonly atMs: number; readonly sightings: readonly Sighting[] }[] = [];
      let nowMs = 0;
      for (const { afterMs, sightings } of looks) {
        nowMs += afterMs;
        history.push({ atMs: nowMs, sightings });
        const due = suspicions.look(sightings, nowMs);
        for (const { sighting, sinceMs } of due) {
          assert.ok(nowMs - sinceMs >= sighting.waitMs);
          const since = history.filter(({ atMs }) => atMs > sinceMs);
          for (const look of since) {
            assert.ok(
              look.sightings.some(({ key, reason }) => key === sighting.key && reason === sighting.reason),
            );
          }
        }
        assert.equal(suspicions.size, sightings.length);
      }
    }),
  );
});
