import { aboutOutcome, versionOutcome } from './answer-version.ts';
import type { Outcome } from './outcome.ts';

async function run(command: string): Promise<Outcome> {
  if (command === '') return aboutOutcome();
  if (command === 'VERSION') return versionOutcome();
  // What VERSION does without is not even evaluated for it: start-up is the whole cost of this program.
  const { runVerb } = await import('./run-verb.ts');
  return runVerb(command);
}

async function main(): Promise<void> {
  const { output, exitCode, note } = await run(process.env['CNI_COMMAND'] ?? '');
  if (note !== undefined) await Bun.write(Bun.stderr, `${note}\n`).catch(() => 0);
  if (output !== '') await Bun.write(Bun.stdout, output);
  // The usual end of a process runs handlers that nothing here needs.
  process.reallyExit(exitCode);
}

// No top-level await: bytecode is CommonJS.
void main();
