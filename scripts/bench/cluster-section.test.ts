import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BurstFigures, type ClusterData, clusterSection } from './cluster-section.ts';

const good: BurstFigures = {
  failures: 0,
  distinctAddresses: 1_000,
  wallMs: 2_000,
  p50Ms: 100,
  p99Ms: 900,
  readsPerAddress: 0.2,
  writesPerAddress: 0.3,
  viewWritesPerAddress: 1,
  megabytes: 3,
  rssMiB: 120,
  anonMiB: 60,
  releaseMs: 900,
};

function dataWith(figures: Partial<BurstFigures>): ClusterData {
  const shape = { nodes: 10, podsPerNode: 100, pool: 'exactly as many addresses' } as const;
  return {
    bursts: [{ shape, rounds: [good, { ...good, ...figures }] }],
    singleAddMs: { p50: 5, p99: 9 },
    leakSeconds: 30,
  };
}

function missed(data: ClusterData): readonly string[] {
  return clusterSection(data)
    .targets.filter((target) => !target.met)
    .map(({ what }) => what);
}

test('clusterSection() judges what was promised of a burst', () => {
  assert.deepEqual(missed(dataWith({})), []);
  assert.deepEqual(missed(dataWith({ wallMs: 6_001 })), ['burst 10 × 100: wall']);
  assert.deepEqual(missed(dataWith({ readsPerAddress: 1.1 })), [
    'burst 10 × 100: API reads on the path of an address',
  ]);
  assert.deepEqual(missed(dataWith({ releaseMs: 9_200 })), ['burst 10 × 100: all released']);
});

test('clusterSection() forgives no round a failed ADD or an address given twice', () => {
  const first = 'burst 10 × 100, pool of exactly as many addresses: failed ADDs, different addresses';
  assert.deepEqual(missed(dataWith({ failures: 1 })), [first]);
  assert.deepEqual(missed(dataWith({ distinctAddresses: 999 })), [first]);
});

test('clusterSection() shows the worst number of failures', () => {
  const [table] = clusterSection(dataWith({ failures: 7 })).tables;
  assert.equal(table?.rows[0]?.[2], '7');
});
