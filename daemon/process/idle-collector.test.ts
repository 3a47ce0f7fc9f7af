import assert from 'node:assert/strict';
import test from 'node:test';
import { RestingHeap } from './idle-collector.ts';

const MiB = 1024 * 1024;

/** An agent that had so many requests and none under way. */
function quiet(served = 0) {
  return { served, underWay: 0 };
}

test('RestingHeap.isDue() is true twice once no more requests come in for a while, and never while they do', () => {
  const heap = new RestingHeap();
  let served = 0;
  for (let burst = 0; burst < 2; burst += 1) {
    for (let look = 0; look < 3; look += 1) {
      served += 1;
      assert.equal(heap.isDue(quiet(served), 100 * MiB), false);
    }
    for (let look = 0; look < 2; look += 1) assert.equal(heap.isDue(quiet(served), 100 * MiB), false);
    for (const bytes of [100 * MiB, 20 * MiB]) {
      assert.equal(heap.isDue(quiet(served), bytes), true);
      heap.collected(20 * MiB);
    }
    assert.equal(heap.isDue(quiet(served), 20 * MiB), false);
  }
});

test('RestingHeap.isDue() is false while requests wait for their answer, however long', () => {
  const heap = new RestingHeap();
  for (let look = 0; look < 10; look += 1) {
    assert.equal(heap.isDue({ served: 20, underWay: 20 }, 100 * MiB), false);
  }
});

test('RestingHeap.isDue() is true again when the heap has grown without requests', () => {
  const heap = new RestingHeap();
  for (let look = 0; look < 3; look += 1) heap.isDue(quiet(), 20 * MiB);
  for (let look = 0; look < 2; look += 1) {
    assert.equal(heap.isDue(quiet(), 20 * MiB), true);
    heap.collected(20 * MiB);
  }
  assert.equal(heap.isDue(quiet(), 21 * MiB), false);
  assert.equal(heap.isDue(quiet(), 40 * MiB), true);
});
