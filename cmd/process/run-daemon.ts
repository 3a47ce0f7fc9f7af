import { type Command, CommanderError } from 'commander';

/** The end of a failed start, for supervisors. */
const failed = 1;
const usage = 2;

/**
 * Parses the command line of a daemon and runs what it names.
 *
 * @returns the exit status
 */
export async function runDaemon(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${program.name()}: ${text}\n`);
    return failed;
  }
}

/** Is aborted by SIGTERM and SIGINT. */
export function endSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
  return ending.signal;
}
