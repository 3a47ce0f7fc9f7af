import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { PacedQueue, type Turn } from './paced-queue.ts';

const done: Turn = { restMs: 0, isAgain: false };

/** Runs a queue whose work is the test's. */
function startQueue(
  work: (key: string) => Promise<Turn>,
  gatherMs = 0,
): { readonly queue: PacedQueue } & AsyncDisposable {
  const stop = new AbortController();
  const queue = new PacedQueue({ work, gatherMs, log: pino({ level: 'silent' }), name: 'pool' });
  const running = queue.run(stop.signal);
  return {
    queue,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

test('PacedQueue works off many marks of a key together, and each key alone', async () => {
  const turns: string[] = [];
  let running = 0;
  let most = 0;
  await using started = startQueue(async (key) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(1);
    turns.push(key);
    running -= 1;
    return done;
  }, 50);
  for (let times = 0; times < 100; times += 1) for (const key of ['a', 'b']) started.queue.mark(key);
  await until('two turns', () => turns.length === 2);
  assert.deepEqual(turns.toSorted(), ['a', 'b']);
  for (let index = 0; index < 200; index += 1) started.queue.mark(`k${index}`);
  await until('all turns', () => turns.length === 202);
  assert.ok(most <= 16, `${most} at once`);
});

test('PacedQueue gives a key that was marked during its turn another one, no sooner than it may', async () => {
  const startsMs: number[] = [];
  await using started = startQueue(async () => {
    startsMs.push(performance.now());
    if (startsMs.length === 1) started.queue.mark('a');
    await sleep(1);
    return { restMs: 200, isAgain: false };
  });
  started.queue.mark('a');
  await until('a second turn', () => startsMs.length === 2);
  const [first = 0, second = 0] = startsMs;
  assert.ok(second - first >= 200);
});

test('PacedQueue remembers the rest of a key that is marked only later', async () => {
  const startsMs: number[] = [];
  await using started = startQueue(() => {
    startsMs.push(performance.now());
    return Promise.resolve({ restMs: 300, isAgain: false });
  });
  started.queue.mark('a');
  await until('a turn', () => startsMs.length === 1);
  started.queue.mark('other');
  await until('a turn of another key', () => startsMs.length === 2);
  started.queue.mark('a');
  await until('a second turn', () => startsMs.length === 3);
  const [first = 0, , second = 0] = startsMs;
  assert.ok(second - first >= 300);
});

test('PacedQueue goes on by itself where a turn says so', async () => {
  let turns = 0;
  await using started = startQueue(() => {
    turns += 1;
    return Promise.resolve({ restMs: 1, isAgain: turns < 3 });
  });
  started.queue.mark('a');
  await until('three turns', () => turns === 3);
});

test('PacedQueue tries what failed again, holding up nothing else, and soon after a conflict', async () => {
  const turns: string[] = [];
  await using started = startQueue((key) => {
    turns.push(key);
    const failures = turns.filter((one) => one === key).length;
    if (key === 'bad' && failures < 3) {
      return Promise.reject(new KubeError('no', { status: failures === 1 ? 409 : 500, fate: 'refused' }));
    }
    return Promise.resolve(done);
  });
  started.queue.mark('bad');
  await until('a failure', () => turns.length === 1);
  started.queue.mark('good');
  await until('the other key', () => turns.includes('good'));
  await until('three tries', () => turns.filter((key) => key === 'bad').length === 3);
});
