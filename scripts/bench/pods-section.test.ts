import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PodsRound, podsSection } from './pods-section.ts';

function rounds(...addMs: readonly number[]): readonly PodsRound[] {
  return addMs.map((one) => ({ addMs: one, failures: 0, readyMs: 5000 }));
}

test('podsSection() compares each round with the round of host-local beside it', () => {
  const burst = { pods: 30, nodes: 1, spiderpool: rounds(150, 400, 120), hostLocal: rounds(100, 200, 100) };
  const { tables, targets } = podsSection({ bursts: [burst] });
  assert.deepEqual(tables[0]?.rows[0], [
    '30 pods on one node',
    '150 (120–400)',
    '100 (100–200)',
    '1.50 (1.20–2.00)',
    '0',
    '5.00 (5.00–5.00)',
    '5.00 (5.00–5.00)',
  ]);
  assert.deepEqual(
    targets.map(({ what, met }) => [what, met]),
    [
      ['mean CNI ADD of 30 pods on one node', true],
      ['failed ADDs of 30 pods on one node', true],
    ],
  );
});

test('podsSection() misses the target above 1.5 and with any ADD that failed', () => {
  const spiderpool = [{ addMs: 151, failures: 1, readyMs: 1 }];
  const { targets } = podsSection({ bursts: [{ pods: 60, nodes: 2, spiderpool, hostLocal: rounds(100) }] });
  assert.deepEqual(
    targets.map(({ what, met }) => [what, met]),
    [
      ['mean CNI ADD of 60 pods on 2 nodes', false],
      ['failed ADDs of 60 pods on 2 nodes', false],
    ],
  );
});
