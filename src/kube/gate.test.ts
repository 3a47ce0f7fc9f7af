import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Gate, GateFullError } from './gate.ts';

const { signal } = new AbortController();

test('Gate.enter() lets in as many as it may, and the others in the order they came', async () => {
  const gate = new Gate(2, 2);
  await gate.enter(signal);
  await gate.enter(signal);
  const entered: string[] = [];
  const waiting = ['a', 'b'].map(async (name) => gate.enter(signal).then(() => entered.push(name)));
  await nextTurn();
  assert.deepEqual(entered, []);
  gate.leave();
  await nextTurn();
  assert.deepEqual(entered, ['a']);
  gate.leave();
  await Promise.all(waiting);
  assert.deepEqual(entered, ['a', 'b']);
});

test('Gate.enter() refuses at once when too many wait', async () => {
  const gate = new Gate(1, 1);
  await gate.enter(signal);
  const waiting = gate.enter(signal);
  await assert.rejects(gate.enter(signal), GateFullError);
  gate.leave();
  await waiting;
});

test('Gate.enter() gives up with its signal, and neither loses nor makes a place by that', async () => {
  const gate = new Gate(1, 2);
  await gate.enter(signal);
  const stop = new AbortController();
  const given = gate.enter(stop.signal);
  const kept = gate.enter(signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await assert.rejects(given, reason);
  await assert.rejects(gate.enter(stop.signal), reason);
  gate.leave();
  await kept;
  let isIn = false;
  const last = gate.enter(signal).then(() => (isIn = true));
  await nextTurn();
  assert.equal(isIn, false);
  gate.leave();
  await last;
});

test('Gate.enter() keeps the place of one that is let in and given up in the same turn', async () => {
  const gate = new Gate(1, 1);
  await gate.enter(signal);
  const stop = new AbortController();
  const entering = gate.enter(stop.signal);
  gate.leave();
  stop.abort();
  await entering;
  gate.leave();
  await gate.enter(signal);
});
