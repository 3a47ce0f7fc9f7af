import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NodeSamples, nodeSection } from './node-section.ts';

const alone: NodeSamples = {
  foreignPods: 0,
  ownPods: 100,
  deadPods: 0,
  readyMs: [300],
  rssMiB: [100],
  anonMiB: [40],
};
const among = { ...alone, foreignPods: 10_000 };
const dead = { ...among, deadPods: 10_000 };

function missed(rows: readonly NodeSamples[]): number {
  return nodeSection({ rows }).targets.filter((target) => !target.met).length;
}

test('nodeSection() judges start and memory among foreign pods', () => {
  assert.equal(missed([alone, among, dead]), 0);
  assert.equal(missed([alone, { ...among, readyMs: [2_100] }, dead]), 1);
  assert.equal(missed([alone, { ...among, anonMiB: [71], rssMiB: [131] }]), 2);
});

test('nodeSection() tells what dead pods add', () => {
  assert.equal(missed([among, { ...dead, anonMiB: [46] }]), 1);
  const target = nodeSection({ rows: [among, { ...dead, anonMiB: [46] }] }).targets.at(-1);
  assert.equal(target?.measured, '6.00 MiB');
});
