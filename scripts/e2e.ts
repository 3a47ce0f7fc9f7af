// `npm run test:e2e [-- --skip-if-missing] [--name REGEXP]…`: the whole product on a real cluster, in a machine of its own.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type MachineState,
  newSince,
  readMachineState,
  remainsOf,
} from '../test/e2e/harness/machine-state.ts';
import { createOwnMachine } from '../test/e2e/harness/own-machine.ts';
import { missingRequirements } from '../test/e2e/harness/requirements.ts';
import { cniPluginNames, findCniPlugins } from '../test/support/cni-plugins.ts';
import { findHelm } from '../test/support/helm.ts';
import { findKubeExecutables } from '../test/support/kube-executables.ts';
import { findNodeExecutables } from '../test/support/node-executables.ts';
import { E2eArgumentsError, parseE2eArguments } from './lib/e2e-options.ts';
import { runTestFiles } from './lib/run-test-files.ts';
import { reportTotals, sumTotals, type Totals, totalsText } from './lib/totals.ts';

const inside = fileURLToPath(new URL('./lib/e2e-inside.ts', import.meta.url));
/** Needs the machine itself, not one in it. */
const outsideFile = fileURLToPath(new URL('../test/e2e/interruption.ts', import.meta.url));
const failure: Totals = { passed: 0, failed: 1, skipped: 0 };

/** Runs the tests that need a cluster. @returns their totals, and one more for what the machine looks like afterwards */
async function runInside(names: readonly string[]): Promise<Totals> {
  const before = readMachineState();
  const { facts, totals, logs } = await runOnOwnMachine(names);
  if (logs !== undefined) console.error(`✖ logs of all components: ${logs}`);
  const left = leftBehind(before, facts.cgroup);
  console.log(
    left.length === 0 ? '✔ the machine is as it was before' : `✖ left behind:\n  ${left.join('\n  ')}`,
  );
  return sumTotals([totals, left.length === 0 ? { passed: 1, failed: 0, skipped: 0 } : failure]);
}

async function runOnOwnMachine(names: readonly string[]) {
  await using machine = await createOwnMachine();
  const child = machine.spawn(process.execPath, [inside, ...names]);
  const [exitCode] = await once(child, 'exit');
  const totals = await readTotals(join(machine.facts.folder, 'totals.json'));
  const hasFailed = exitCode !== 0 || totals.failed > 0;
  const { facts } = machine;
  return { facts, totals, logs: hasFailed ? await machine.keepLogs() : undefined };
}

async function readTotals(file: string): Promise<Totals> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Totals;
  } catch {
    // It ended before it could tell.
    return failure;
  }
}

function leftBehind(before: MachineState, name: string): readonly string[] {
  return [...newSince(before, readMachineState()), ...remainsOf(name)];
}

/** Built where there is a network; inside there is none. */
async function provideTools(): Promise<void> {
  await findKubeExecutables();
  await findNodeExecutables();
  await findCniPlugins(cniPluginNames);
  await findHelm();
}

async function main(args: readonly string[]): Promise<void> {
  const { skipIfMissing, names } = parseE2eArguments(args);
  const missing = await missingRequirements();
  if (missing.length > 0) {
    for (const problem of missing) console.error(`✖ test:e2e: ${problem}`);
    if (skipIfMissing) {
      console.error('› test:e2e was left out');
      reportTotals('e2e', { passed: 0, failed: 0, skipped: 1 });
    } else process.exitCode = 1;
    return;
  }
  await provideTools();
  const parts = [await runInside(names)];
  if (names.length === 0) parts.push(await runTestFiles({ files: [outsideFile] }));
  const totals = sumTotals(parts);
  console.log(`\n${totalsText(totals)}`);
  reportTotals('e2e', totals);
  if (totals.failed > 0) process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof E2eArgumentsError)) throw error;
  console.error(`test:e2e: ${error.message}`);
  process.exitCode = 2;
}
