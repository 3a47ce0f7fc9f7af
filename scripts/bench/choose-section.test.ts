import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChooseScenario, chooseSection } from './choose-section.ts';

function scenario(pool: string, chooseNs: number): ChooseScenario {
  const rounds = [chooseNs, chooseNs, chooseNs * 10];
  return { pool, family: 4, fill: 'empty', allocated: 0, chooseNs: rounds, planNs: rounds, cycleNs: rounds };
}

function verdicts(...scenarios: readonly ChooseScenario[]): readonly boolean[] {
  return chooseSection({ rounds: 3, scenarios }).targets.map((target) => target.met);
}

test('chooseSection() judges the medians of the slowest pool', () => {
  assert.deepEqual(verdicts(scenario('/24', 4_000), scenario('/8', 4_900)), [true, true]);
  assert.deepEqual(verdicts(scenario('/24', 4_000), scenario('/8', 5_000)), [false, true]);
});

test('chooseSection() calls a choice that grows with the pool not flat', () => {
  assert.deepEqual(verdicts(scenario('/24', 100), scenario('/8', 401)), [true, false]);
});

test('chooseSection() writes counts that no one can read as powers', () => {
  const section = chooseSection({
    rounds: 3,
    scenarios: [{ ...scenario('/48', 100), allocated: 2 ** 80 - 1 }],
  });
  assert.equal(section.tables[0]?.rows[0]?.[1], '1.2e+24');
});
