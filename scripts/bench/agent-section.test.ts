import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentData, agentSection, type MemorySamples } from './agent-section.ts';

function samples(records: number, adds: number, anonMiB: number): MemorySamples {
  return { records, adds, anonMiB, rssMiB: anonMiB + 55, peakAnonMiB: anonMiB + 5 };
}

function dataWith(filledMiB: number, loadedMiB: number, readyMs: number): AgentData {
  return {
    starts: [{ records: 100_000, readyMs: [readyMs, readyMs], firstAddMs: [5, 5] }],
    memoryRounds: [[samples(0, 0, 30), samples(10_000, 20, filledMiB), samples(0, 10_000, loadedMiB)]],
  };
}

function verdicts(data: AgentData): readonly boolean[] {
  return agentSection(data).targets.map((target) => target.met);
}

test('agentSection() judges both ways to 10,000 records by themselves', () => {
  assert.deepEqual(verdicts(dataWith(49.9, 50, 999)), [true, true, false, false, true]);
  assert.deepEqual(verdicts(dataWith(51, 40, 1_000)), [false, false, true, true, false]);
});

test('agentSection() tells filled ledgers from those that ADDs have filled', () => {
  const [memory] = agentSection(dataWith(40, 45, 500)).tables;
  assert.deepEqual(
    memory?.rows.map(([name]) => name),
    ['0', '10,020', '10,000, all by ADDs through the socket'],
  );
});
