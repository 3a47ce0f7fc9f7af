import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LoadFigures, type SocketRound, socketSection } from './socket-section.ts';

function load(inFlight: number, perSecond: number, p99Ms: number): LoadFigures {
  return { verb: 'ADD', inFlight, perSecond, p50Ms: p99Ms / 2, p99Ms };
}

function round(perSecond: number, p99Ms: number): SocketRound {
  return {
    agent: [load(1, 100, 1), load(100, perSecond, p99Ms)],
    constant: [load(1, 200, 1), load(100, 10_000, 1)],
    commitsPerSecond: 500,
  };
}

function verdicts(...rounds: readonly SocketRound[]): readonly boolean[] {
  return socketSection({ rounds }).targets.map((target) => target.met);
}

test('socketSection() judges ADDs with 100 in flight by the median of the rounds', () => {
  assert.deepEqual(verdicts(round(2_000, 99), round(1_000, 300), round(3_000, 20)), [true, true]);
  assert.deepEqual(verdicts(round(1_999, 100)), [false, false]);
});

test('socketSection() puts the constant answer beside each load', () => {
  const [table] = socketSection({ rounds: [round(2_500, 10)] }).tables;
  assert.deepEqual(
    table?.rows.map((row) => [row[0], row[5]]),
    [
      ['ADD, 1 in flight', '0.50 (0.50–0.50)'],
      ['ADD, 100 in flight', '0.25 (0.25–0.25)'],
    ],
  );
});
