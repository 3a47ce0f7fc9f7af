import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultRun } from './harness/fault-run.ts';

/** A few here; `npm run faults -- --runs 100` for many. */
const seeds = [1_001, 1_002, 1_003];

describe('agents and controllers in trouble', { concurrency: true }, () => {
  for (const seed of seeds) {
    test(`nothing that lives is freed, and nothing that is gone stays recorded: seed ${seed}`, async () => {
      const { adds, checks, faults } = await faultRun({ seed, durationMs: 15_000 });
      assert.ok(adds > 0 && checks > 0);
      assert.ok(Object.values(faults).length > 0, 'no fault was made');
    });
  }
});
