import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ControllerData, controllerSection } from './controller-section.ts';

const good: ControllerData = {
  scale: {
    pools: 200,
    records: 10_000,
    pods: 10_000,
    nodes: 100,
    readyMs: 2_000,
    rssMiB: 150,
    anonMiB: 90,
    passMs: 3_000,
    cleanedMs: 60_000,
  },
  status: { pools: 20, changesPerSecond: 100, delaysMs: [500, 1_200, 1_999] },
  webhook: { pools: 1_000, reviewsMs: [[1, 2, 19]], healthMs: [[1, 1, 2]] },
  leakMs: [50_000, 59_000],
  failoverMs: [16_000],
};

function missed(data: Partial<ControllerData>): readonly string[] {
  return controllerSection({ ...good, ...data })
    .targets.filter(({ met }) => !met)
    .map(({ what }) => what);
}

test('controllerSection() judges every figure by itself', () => {
  assert.deepEqual(missed({}), []);
  const { scale, status, webhook } = good;
  assert.match(missed({ scale: { ...scale, anonMiB: 120 } }).join(), /RssAnon at rest$/);
  assert.match(
    missed({ scale: { ...scale, passMs: 10_000 } }).join(),
    /full pass of the garbage collection$/,
  );
  assert.match(missed({ scale: { ...scale, cleanedMs: 70_000 } }).join(), /no record left$/);
  assert.match(missed({ status: { ...status, delaysMs: [1, 2_000] } }).join(), /status at 100 changes/);
  assert.match(missed({ webhook: { ...webhook, reviewsMs: [[1, 2, 20]] } }).join(), /webhook with 1,000/);
  assert.match(missed({ leakMs: [60_000] }).join(), /dead agent/);
  assert.match(missed({ failoverMs: [1, 20_000] }).join(), /fail-over/);
});

test('controllerSection() compares reviews with the health answer of the same round', () => {
  const webhook = { pools: 1_000, reviewsMs: [[2], [8]], healthMs: [[1], [2]] };
  const [, , table] = controllerSection({ ...good, webhook }).tables;
  assert.equal(table?.rows[0]?.at(-1), '3.00 (2.00–4.00)');
});
