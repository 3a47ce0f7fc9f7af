// `npm run faults [-- --runs 100] [-- --seed 1] [-- --parallel 2] [-- --seconds 20]`: a whole system in trouble, again and again. Tells of each
// run, prints what all of them have done, and fails when one has shown a fault of ours; its seed repeats it.

import { fileURLToPath } from 'node:url';
import type { FaultRunReport } from '../test/integration/harness/fault-run.ts';
import { CommandError, runOrThrow } from '../test/support/run-command.ts';
import { FaultsArgumentsError, type FaultsOptions, parseFaultsArguments } from './faults/options.ts';

const oneRun = fileURLToPath(new URL('faults/one-run.ts', import.meta.url));
/** Far more than a run takes on a slow machine; one that hangs must not hang the others. */
const startAndSettleMs = 600_000;

async function run({ runs, seed, parallel, seconds }: FaultsOptions): Promise<void> {
  const waiting = Array.from({ length: runs }, (_, number) => seed + number);
  const reports: FaultRunReport[] = [];
  const failed: number[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        const report = await runOne(next, seconds * 1_000);
        reports.push(report);
        console.log(
          `✔ seed ${next}: ${report.adds} ADDs, ${total(report)} faults, settled after ${Math.round(report.settleMs / 1_000)} s`,
        );
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        failed.push(next);
        console.log(`✖ seed ${next}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  tell(reports, failed);
}

async function runOne(seed: number, durationMs: number): Promise<FaultRunReport> {
  const timeoutMs = durationMs + startAndSettleMs;
  const printed = await runOrThrow(process.execPath, [oneRun, String(seed), String(durationMs)], {
    timeoutMs,
  });
  // Both ends are ours, of one version.
  return JSON.parse(printed) as FaultRunReport;
}

function tell(reports: readonly FaultRunReport[], failed: readonly number[]): void {
  const kinds = new Set(reports.flatMap(({ faults }) => Object.keys(faults)));
  const counts = [...kinds]
    .toSorted()
    .map((kind) => `${kind} ${reports.reduce((sum, { faults }) => sum + (faults[kind] ?? 0), 0)}`);
  const adds = reports.reduce((sum, one) => sum + one.adds, 0);
  const settleMs = Math.max(0, ...reports.map((one) => one.settleMs));
  console.log(`\n${reports.length} runs held, ${failed.length} failed; ${adds} ADDs; ${counts.join(', ')}`);
  console.log(`slowest to settle: ${Math.round(settleMs / 1_000)} s, a dead node included`);
  if (failed.length === 0) return;
  console.log(`to repeat: npm run faults -- --runs 1 --seed ${failed[0]}`);
  process.exitCode = 1;
}

function total({ faults }: FaultRunReport): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0);
}

try {
  await run(parseFaultsArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof FaultsArgumentsError)) throw error;
  console.error(`faults: ${error.message}`);
  process.exitCode = 2;
}
