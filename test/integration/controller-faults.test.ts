import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultRun } from './harness/fault-run.ts';

/** A few here; `npm run faults -- --runs 100` for many. */
const seeds = [1_001, 1_002, 1_003];

/** Of all runs together: one alone may draw the same fault again and again. */
const kinds = new Set<string>();

describe('agents and controllers in trouble', { concurrency: true }, () => {
  for (const seed of seeds) {
    test(`nothing that lives is freed, and nothing that is gone stays recorded: seed ${seed}`, async () => {
      const { adds, checks, faults } = await faultRun({ seed, durationMs: 15_000 });
      assert.ok(adds > 0 && checks > 0);
      for (const kind of Object.keys(faults)) kinds.add(kind);
    });
  }
});

test('the fault runs have made more than two kinds of faults', () => {
  assert.ok(kinds.size > 2, `too few kinds of faults: ${[...kinds].join(', ')}`);
});
