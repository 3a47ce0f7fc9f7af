import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import type { Totals } from './totals.ts';

type RunOptions = NonNullable<Parameters<typeof run>[0]>;

/** Runs test files and streams the spec reporter's output, which repeats the failing tests at its end. */
export async function runTestFiles(options: RunOptions): Promise<Totals> {
  let totals: Totals | undefined;
  const stream = run(options);
  stream.on('test:summary', ({ file, counts, success }) => {
    if (file !== undefined) return;
    const skipped = counts.skipped + counts.todo;
    const failed = counts.tests - counts.passed - skipped;
    // A hook that fails after the last test of a suite fails the run without failing a test.
    totals = { passed: counts.passed, failed: success ? failed : Math.max(1, failed), skipped };
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  // A run that broke off before its summary has not passed.
  return totals ?? { passed: 0, failed: 1, skipped: 0 };
}
