// `npm test [-- PATH…]`: checks, then every suite, a few processes at a time.

import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CniPluginsError, cniPluginNames, findCniPlugins } from '../test/support/cni-plugins.ts';
import { findHelm, HelmError } from '../test/support/helm.ts';
import { findKubeExecutables, KubeExecutablesError } from '../test/support/kube-executables.ts';
import { readSources } from '../test/support/source-file.ts';
import { checkSteps } from './lib/check-steps.ts';
import { reaches } from './lib/reaches.ts';
import { runSteps } from './lib/run-steps.ts';
import { runTestFiles } from './lib/run-test-files.ts';
import { parseTestArguments, selectTests, TestArgumentsError } from './lib/select-tests.ts';
import { reportTotals, sumTotals, type Totals, totalsText } from './lib/totals.ts';

/** Two checks: each keeps a core busy. */
const parallelChecks = Math.min(2, availableParallelism());
/** One more than a small machine has cores: many suites wait for what takes its time, such as 45 s until something counts as gone. */
const parallelSuites = Math.min(3, availableParallelism() + 1);
const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'cmd', 'daemon', 'scripts', 'test'];
const patterns = folders.map((folder) => `${folder}/**/*.test.ts`);

interface PartTotals extends Totals {
  /** Shown before the totals: what failed far above them. */
  readonly note?: string;
}

async function runChecks(): Promise<PartTotals> {
  const outcomes = await runSteps(checkSteps, { parallel: parallelChecks });
  const failed = outcomes.filter((outcome) => outcome.exitCode !== 0);
  console.log('');
  for (const outcome of outcomes) {
    const mark = outcome.exitCode === 0 ? '✔' : '✖';
    console.log(`${mark} ${outcome.step.title} (${(outcome.durationMs / 1000).toFixed(1)} s)`);
  }
  const totals = { passed: outcomes.length - failed.length, failed: failed.length, skipped: 0 };
  if (failed.length === 0) return totals;
  const titles = failed.map((outcome) => outcome.step.title).join(', ');
  return { ...totals, note: `✖ failing checks: ${titles} (npm run check shows them alone)` };
}

async function runTests(files: readonly string[]): Promise<Totals> {
  console.log(`\n› tests (${files.length} files)`);
  return runTestFiles({ files, concurrency: parallelSuites });
}

/** Builds what the tests need and nobody has installed before the first asks for it: here its progress is seen, and it happens once. */
async function provideTools(files: readonly string[]): Promise<void> {
  const sources = readSources(
    root,
    folders.map((folder) => `${folder}/**/*.ts`),
  );
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  if (reaches(files, 'test/support/cni-plugins.ts', imports)) {
    await unlessMissing(findCniPlugins(cniPluginNames));
  }
  if (reaches(files, 'test/support/kube-executables.ts', imports)) await unlessMissing(findKubeExecutables());
  if (reaches(files, 'test/support/helm.ts', imports)) await unlessMissing(findHelm());
}

/** The tests that need what is missing fail with the same message; the others can run. */
async function unlessMissing(found: Promise<unknown>): Promise<void> {
  try {
    await found;
  } catch (error) {
    const isMissing = [CniPluginsError, KubeExecutablesError, HelmError].some(
      (kind) => error instanceof kind,
    );
    if (!isMissing || !(error instanceof Error)) throw error;
    console.error(`✖ ${error.message}`);
  }
}

/** A check counts as a test. */
function printTotals(parts: readonly PartTotals[]): Totals {
  const totals = sumTotals(parts);
  for (const { note } of parts) if (note !== undefined) console.log(`\n${note}`);
  console.log(`\n${totalsText(totals)}`);
  reportTotals('test', totals);
  return totals;
}

try {
  const selection = parseTestArguments(process.argv.slice(2));
  const files = selectTests(globSync(patterns), selection);
  if (files.length === 0)
    throw new TestArgumentsError(`no test file matches ${selection.filters.join(', ')}`);
  const whole = selection.only === undefined && selection.filters.length === 0;
  await provideTools(files);
  const parts = [...(whole ? [await runChecks()] : []), await runTests(files)];
  if (printTotals(parts).failed > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof TestArgumentsError)) throw error;
  console.error(`test: ${error.message}`);
  process.exitCode = 2;
}
