import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EndpointQueue, type EndpointTurn } from './endpoint-queue.ts';

function queue(): EndpointQueue {
  return new EndpointQueue(() => 1);
}

/** All keys that are handed out at this time, each done at once. */
function drain(of: EndpointQueue, nowMs: number): string[] {
  const keys: string[] = [];
  for (let turn: EndpointTurn | undefined; ; ) {
    turn = of.take(nowMs);
    if (turn === undefined || 'waitMs' in turn) return keys;
    of.done(turn.key);
    keys.push(turn.key);
  }
}

test('EndpointQueue.take() hands out a key once, however often it changed', () => {
  const keys = queue();
  for (let nowMs = 0; nowMs < 1_000; nowMs += 100) keys.changed('ns/a', nowMs);
  assert.deepEqual(drain(keys, 1_000), []);
  assert.deepEqual(drain(keys, 2_400), ['ns/a']);
  assert.equal(keys.take(1_000_000), undefined);
});

test('EndpointQueue.take() waits for quiet, but not without end', () => {
  const keys = queue();
  keys.changed('ns/a', 0);
  for (let nowMs = 100; nowMs < 9_900; nowMs += 100) {
    keys.changed(`ns/b${nowMs}`, nowMs);
    assert.deepEqual(drain(keys, nowMs), [], `${nowMs} ms`);
  }
  keys.changed('ns/c', 10_000);
  assert.deepEqual(drain(keys, 10_000), ['ns/a']);
});

test('EndpointQueue.take() tells how long to wait', () => {
  const keys = queue();
  keys.changed('ns/a', 0);
  assert.deepEqual(keys.take(500), { waitMs: 1_000 });
  assert.deepEqual(keys.take(1_500), { key: 'ns/a' });
});

test('EndpointQueue.take() waits longer for quiet the more keys wait', () => {
  const keys = queue();
  for (let pod = 0; pod < 11; pod++) keys.changed(`ns/${pod}`, 0);
  assert.deepEqual(keys.take(1_500), { waitMs: 2_500 });
  assert.deepEqual(keys.take(4_000), { key: 'ns/0' });
});

test('EndpointQueue.take() hands out no key that is being worked on', () => {
  const keys = queue();
  keys.add('ns/a', 0);
  assert.deepEqual(keys.take(0), { key: 'ns/a' });
  keys.add('ns/a', 0);
  assert.equal(keys.take(100_000), undefined);
  assert.ok(keys.isBusy('ns/a'));
  keys.done('ns/a');
  assert.deepEqual(keys.take(100_000), { key: 'ns/a' });
});

test('EndpointQueue.failed() lets a key wait longer each time, and no longer than a minute', () => {
  const keys = queue();
  let nowMs = 0;
  keys.add('ns/a', nowMs);
  const waits: number[] = [];
  for (let failure = 0; failure < 10; failure += 1) {
    assert.deepEqual(keys.take(nowMs), { key: 'ns/a' });
    keys.add('ns/a', nowMs);
    keys.failed('ns/a', nowMs);
    const turn = keys.take(nowMs);
    assert.ok(turn && 'waitMs' in turn);
    waits.push(turn.waitMs);
    nowMs += turn.waitMs;
  }
  assert.deepEqual(waits.slice(0, 4), [500, 1_000, 2_000, 4_000]);
  assert.equal(waits.at(-1), 60_000);
});

test('EndpointQueue holds no more than ten thousand keys', () => {
  const keys = queue();
  for (let index = 0; index < 10_010; index += 1) keys.add(`ns/a${index}`, 0);
  assert.equal(keys.size, 10_000);
});

test('EndpointQueue hands out whatever was put in, within ten seconds of quiet', () => {
  const steps = fc.array(fc.record({ key: fc.nat({ max: 5 }), afterMs: fc.nat({ max: 3_000 }) }));
  fc.assert(
    fc.property(steps, (all) => {
      const keys = queue();
      const open = new Set<string>();
      let nowMs = 0;
      for (const { key, afterMs } of all) {
        nowMs += afterMs;
        for (const done of drain(keys, nowMs)) open.delete(done);
        keys.changed(`ns/a${key}`, nowMs);
        open.add(`ns/a${key}`);
      }
      for (const done of drain(keys, nowMs + 10_000)) open.delete(done);
      assert.equal(open.size, 0);
      assert.equal(keys.size, 0);
    }),
  );
});
