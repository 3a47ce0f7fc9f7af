import assert from 'node:assert/strict';
import test from 'node:test';
import { SharedReads } from './shared-reads.ts';

const never = new AbortController().signal;

test('SharedReads.get() reads once for all who ask at the same time, and again for who asks later', async () => {
  const reads = new SharedReads<number>();
  let count = 0;
  const answer = Promise.withResolvers<void>();
  const read = async (): Promise<number> => {
    count += 1;
    const mine = count;
    await answer.promise;
    return mine;
  };
  const both = [reads.get('a', never, read), reads.get('a', undefined, read)];
  const other = reads.get('b', never, read);
  answer.resolve();
  assert.deepEqual(await Promise.all(both), [1, 1]);
  assert.equal(await other, 2);
  assert.equal(await reads.get('a', never, read), 3);
});

test('SharedReads.get() keeps an answer for as long as it is told to', async () => {
  const reads = new SharedReads<number>({ keepMs: 3_600_000 });
  let count = 0;
  const read = (): Promise<number> => Promise.resolve((count += 1));
  assert.equal(await reads.get('a', never, read), 1);
  assert.equal(await reads.get('a', never, read), 1);
  assert.equal(await reads.get('b', never, read), 2);
});

test('SharedReads.get() keeps at most a thousand answers, the newest', async () => {
  const reads = new SharedReads<number>({ keepMs: 3_600_000 });
  let count = 0;
  const read = (): Promise<number> => Promise.resolve((count += 1));
  for (let key = 0; key < 1100; key += 1) await reads.get(String(key), never, read);
  assert.equal(await reads.get('1099', never, read), 1100);
  assert.equal(await reads.get('0', never, read), 1101);
});

test('SharedReads.get() does not keep failures', async () => {
  const reads = new SharedReads<number>({ keepMs: 3_600_000 });
  await assert.rejects(
    reads.get('a', never, () => Promise.reject(new Error('away'))),
    /away/,
  );
  assert.equal(await reads.get('a', never, () => Promise.resolve(1)), 1);
});

test('SharedReads.get() ends the wait of who gives up, and the reading with the last of them', async () => {
  const reads = new SharedReads<number>();
  let isCancelled = false;
  const read = (signal: AbortSignal): Promise<number> =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        isCancelled = true;
        reject(new Error('cancelled'));
      });
    });
  const [one, two] = [new AbortController(), new AbortController()];
  const first = reads.get('a', one.signal, read);
  const second = reads.get('a', two.signal, read);
  one.abort(new Error('one gave up'));
  await assert.rejects(first, /one gave up/);
  assert.equal(isCancelled, false);
  two.abort(new Error('two gave up'));
  await assert.rejects(second, /two gave up/);
  assert.equal(isCancelled, true);
  await assert.rejects(reads.get('a', AbortSignal.abort(new Error('before')), read), /before/);
});
