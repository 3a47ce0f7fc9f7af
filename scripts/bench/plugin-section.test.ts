import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pluginSection } from './plugin-section.ts';

function dataWith(addMs: number, bundleBytes: number): Parameters<typeof pluginSection>[0] {
  return {
    callsPerRound: 3,
    bundleBytes,
    roundsMs: {
      'empty Bun executable': [
        [5, 5, 5],
        [6, 6, 6],
      ],
      'spiderpool VERSION': [
        [5, 5, 50],
        [6, 6, 6],
      ],
      'host-local ADD': [
        [2, 2, 2],
        [4, 4, 4],
      ],
      'spiderpool ADD': [
        [addMs, addMs, addMs],
        [2 * addMs, 2 * addMs, 2 * addMs],
      ],
    },
  };
}

test('pluginSection() judges by the ratio of the medians, round by round', () => {
  const met = pluginSection(dataWith(7, 29_999)).targets;
  assert.deepEqual(
    met.map((target) => target.met),
    [true, true, true],
  );
  assert.equal(met[0]?.measured, '3.50 (3.50–3.50) ×');
  const missed = pluginSection(dataWith(7.1, 30_000)).targets;
  assert.deepEqual(
    missed.map((target) => target.met),
    [false, true, false],
  );
});

test('pluginSection() shows the slowest calls beside the medians', () => {
  const [table] = pluginSection(dataWith(7, 20_000)).tables;
  const version = table?.rows.find(([name]) => name === 'spiderpool VERSION');
  assert.deepEqual(version, [
    'spiderpool VERSION',
    '5.50 (5.00–6.00)',
    '50.0',
    '1.00 (1.00–1.00) × empty Bun executable',
  ]);
});
