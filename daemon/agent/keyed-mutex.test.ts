import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { KeyedMutex } from './keyed-mutex.ts';

test('KeyedMutex.run() never runs two tasks of one key at once and keeps their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('a', 'b'), { maxLength: 12 }),
      async (s, keys) => {
        const mutex = new KeyedMutex();
        const running = new Set<string>();
        const order: Record<string, number[]> = { a: [], b: [] };
        const all = keys.map((key, index) =>
          mutex.run(key, undefined, async () => {
            assert.equal(running.has(key), false);
            running.add(key);
            await s.schedule(Promise.resolve());
            running.delete(key);
            order[key]?.push(index);
          }),
        );
        await s.waitIdle();
        await Promise.all(all);
        for (const seen of Object.values(order))
          assert.deepEqual(
            seen,
            seen.toSorted((x, y) => x - y),
          );
      },
    ),
  );
});

test('KeyedMutex.run() gives up waiting when its signal is aborted, and later tasks still wait for the first', async () => {
  const mutex = new KeyedMutex();
  const first = Promise.withResolvers<void>();
  const done: string[] = [];
  const one = mutex.run('k', undefined, async () => {
    await first.promise;
    done.push('one');
  });
  const abort = new AbortController();
  const two = mutex.run('k', abort.signal, async () => {
    done.push('two');
  });
  abort.abort(new Error('no longer'));
  await assert.rejects(two, /no longer/);
  const three = mutex.run('k', undefined, async () => {
    done.push('three');
  });
  assert.deepEqual(done, []);
  first.resolve();
  await Promise.all([one, three]);
  assert.deepEqual(done, ['one', 'three']);
});

test('KeyedMutex.run() passes on the failure of a task and frees the key', async () => {
  const mutex = new KeyedMutex();
  await assert.rejects(
    mutex.run('k', undefined, () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  assert.equal(await mutex.run('k', undefined, () => Promise.resolve(7)), 7);
});
