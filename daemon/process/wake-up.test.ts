import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WakeUp } from './wake-up.ts';

const { signal: never } = new AbortController();
const longMs = 3_600_000;

test('WakeUp.rest() ends when it is woken, and for a wake-up of before', async () => {
  const wakeUp = new WakeUp();
  const resting = wakeUp.rest(longMs, never);
  wakeUp.wake();
  await resting;
  wakeUp.wake();
  await wakeUp.rest(longMs, never);
});

test('WakeUp.rest() counts several wake-ups as one', async () => {
  const wakeUp = new WakeUp();
  wakeUp.wake();
  wakeUp.wake();
  await wakeUp.rest(longMs, never);
  const sinceMs = performance.now();
  await Promise.race([wakeUp.rest(30, never), new Promise((resolve) => setTimeout(resolve, longMs).unref())]);
  assert.ok(performance.now() - sinceMs >= 25);
});

test('WakeUp.rest() ends when the time is over or the signal is aborted, before or meanwhile', async () => {
  const wakeUp = new WakeUp();
  const keepAlive = setInterval(() => undefined, 1_000);
  await wakeUp.rest(1, never);
  await wakeUp.rest(-5, never);
  const stop = new AbortController();
  const resting = wakeUp.rest(Number.POSITIVE_INFINITY, stop.signal);
  stop.abort();
  await resting;
  await wakeUp.rest(longMs, stop.signal);
  clearInterval(keepAlive);
});
