import assert from 'node:assert/strict';
import test from 'node:test';
import { RestingHeap } from './idle-collector.ts';

const MiB = 1024 * 1024;

test('RestingHeap.isDue() is true twice once no more requests come in, and never while they do', () => {
  const heap = new RestingHeap();
  let requests = 0;
  for (let burst = 0; burst < 2; burst += 1) {
    for (let look = 0; look < 3; look += 1) {
      requests += 1;
      assert.equal(heap.isDue(requests, 100 * MiB), false);
    }
    for (const bytes of [100 * MiB, 20 * MiB]) {
      assert.equal(heap.isDue(requests, bytes), true);
      heap.collected(20 * MiB);
    }
    assert.equal(heap.isDue(requests, 20 * MiB), false);
  }
});

test('RestingHeap.isDue() is true again when the heap has grown without requests', () => {
  const heap = new RestingHeap();
  heap.isDue(0, 20 * MiB);
  for (let look = 0; look < 2; look += 1) {
    assert.equal(heap.isDue(0, 20 * MiB), true);
    heap.collected(20 * MiB);
  }
  assert.equal(heap.isDue(0, 21 * MiB), false);
  assert.equal(heap.isDue(0, 40 * MiB), true);
});
