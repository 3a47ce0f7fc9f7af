import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Operations } from './operations.ts';

void describe('Operations', () => {
  void it('Operations.run() runs what shares a key in order, one at a time, and never hangs', async () => {
    const opArb = fc.record({
      keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 0 }),
      turns: fc.nat(3),
      background: fc.nat(3),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(opArb, { maxLength: 12 }), async (ops) => {
        const operations = new Operations();
        const running = new Map<string, number>();
        const begun: number[] = [];
        const results = ops.map(async ({ keys, turns, background, fails }, i) =>
          operations.run(keys, async (keepBusy) => {
            begun.push(i);
            for (const key of keys) {
              assert.equal(running.get(key), undefined, 'the key is free');
              running.set(key, i);
            }
            await wait(turns);
            keepBusy(
              wait(background).then(() => {
                for (const key of keys) running.delete(key);
              }),
            );
            if (fails) throw new Error('as asked');
          }),
        );
        await Promise.allSettled(results);
        await operations.ended();
        assert.equal(running.size, 0);
        for (const key of ['a', 'b', 'c']) {
          assert.ok(!operations.isBusy(key));
          const order = begun.filter((i) => ops[i]?.keys.includes(key as 'a'));
          assert.deepEqual(
            order,
            order.toSorted((x, y) => x - y),
          );
        }
      }),
    );
  });

  void it('Operations.run() refuses more than it can hold', async () => {
    const operations = new Operations();
    const gate = Promise.withResolvers<void>();
    const many = Array.from({ length: 4096 }, async () => operations.run(['key'], async () => gate.promise));
    await assert.rejects(
      operations.run([], async () => undefined),
      { code: 'LEDGER_OVERLOADED' },
    );
    gate.resolve();
    await Promise.all(many);
    await operations.run([], async () => undefined);
  });
});

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
