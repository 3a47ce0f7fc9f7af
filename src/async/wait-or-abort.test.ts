import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitOrAbort } from './wait-or-abort.ts';

const never = new Promise<never>(() => {});

test('waitOrAbort() gives what the promise gives, with and without a signal', async () => {
  const { signal } = new AbortController();
  assert.equal(await waitOrAbort(Promise.resolve(1), signal), 1);
  assert.equal(await waitOrAbort(Promise.resolve(2), undefined), 2);
  await assert.rejects(waitOrAbort(Promise.reject(new Error('lost')), signal), /lost/);
});

test('waitOrAbort() ends with the signal’s reason, also when it was aborted before', async () => {
  const controller = new AbortController();
  const waiting = waitOrAbort(never, controller.signal);
  controller.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(waitOrAbort(Promise.resolve(1), controller.signal), /enough/);
});
