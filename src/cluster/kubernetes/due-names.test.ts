import assert from 'node:assert/strict';
import test from 'node:test';
import { DueNames } from './due-names.ts';

test('DueNames.take() takes what is due, once, at the earlier of two times', () => {
  const due = new DueNames();
  due.add('a', 100);
  due.add('b', 200);
  due.add('b', 50);
  due.add('b', 300);
  due.add('c', 10);
  due.delete('c');
  assert.deepEqual(due.take(60), ['b']);
  assert.deepEqual(due.take(1000), ['a']);
  assert.deepEqual(due.take(1000), []);
});

test('DueNames.wait() ends when a name is due, at once, later, or told while it waits', async () => {
  const due = new DueNames();
  const { signal } = new AbortController();
  due.add('a', performance.now() - 1);
  await due.wait(signal);
  due.take(Infinity);
  due.add('b', performance.now() + 20);
  await due.wait(signal);
  assert.deepEqual(due.take(performance.now()), ['b']);
  const waiting = due.wait(signal);
  due.add('far', performance.now() + 3_600_000);
  due.add('c', performance.now());
  await waiting;
  assert.deepEqual(due.take(performance.now()), ['c']);
});

test('DueNames.wait() ends with the signal', async () => {
  const due = new DueNames();
  const controller = new AbortController();
  const waiting = due.wait(controller.signal);
  controller.abort();
  await waiting;
  await due.wait(controller.signal);
});
