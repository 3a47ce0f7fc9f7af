import assert from 'node:assert/strict';
import test from 'node:test';
import { Limiter } from './limiter.ts';

test('Limiter.run() lets only so many tasks run at once, in the order in which they came', async () => {
  const limiter = new Limiter(2);
  const started: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const tasks = ends.map(({ promise }, index) =>
    limiter.run(() => {
      started.push(index);
      return promise;
    }),
  );
  assert.deepEqual(started, [0, 1]);
  ends[1]?.resolve();
  await tasks[1];
  assert.deepEqual(started, [0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await Promise.all(tasks);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
});

test('Limiter.run() gives the room of a task that failed to the next one', async () => {
  const limiter = new Limiter(1);
  const failing = limiter.run(() => Promise.reject(new Error('no')));
  const next = limiter.run(() => Promise.resolve('done'));
  await assert.rejects(failing, /no/);
  assert.equal(await next, 'done');
});
