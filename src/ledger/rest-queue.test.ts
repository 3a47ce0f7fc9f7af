import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RestQueue } from './rest-queue.ts';

const operationArb = fc.record({
  kind: fc.constantFrom('push', 'push', 'delete', 'oldest'),
  address: fc.nat(40),
});

describe('RestQueue', () => {
  it('RestQueue holds addresses in the order of their release, as a plain list would', () => {
    fc.assert(
      fc.property(fc.array(operationArb, { maxLength: 600, size: 'max' }), (operations) => {
        const queue = new RestQueue();
        let list: { address: number; freedMs: number }[] = [];
        for (const [freedMs, { kind, address }] of operations.entries()) {
          const target = kind === 'oldest' ? (list[0]?.address ?? address) : address;
          if (kind !== 'push')
            assert.equal(
              queue.delete(target),
              list.some((resting) => resting.address === target),
            );
          list = list.filter((resting) => resting.address !== target);
          if (kind === 'push') {
            queue.push(address, freedMs);
            list.push({ address, freedMs });
          }
          assert.equal(queue.size, list.length);
          assert.deepEqual(queue.oldest(), list[0]);
          assert.equal(queue.freedMs(address), list.find((resting) => resting.address === address)?.freedMs);
        }
        assert.deepEqual([...queue], list);
      }),
      { numRuns: 50 },
    );
  });

  it('RestQueue.clamp() takes releases in the future for releases of now', () => {
    const queue = new RestQueue();
    queue.push(1, 5);
    queue.push(2n, 50);
    queue.clamp(10);
    assert.deepEqual(
      [...queue],
      [
        { address: 1, freedMs: 5 },
        { address: 2n, freedMs: 10 },
      ],
    );
  });
});
