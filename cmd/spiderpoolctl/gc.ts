import type { Command } from 'commander';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
The agent frees what is left behind on its node by itself, and the controller what no agent frees; this is one pass of it now. With a
cluster the leading controller is asked for a pass over all records, without one the agent of this host over its own. An address is
freed when two passes, some time apart, find its pod gone: run it again for those that are only suspected.

Examples:
  spiderpoolctl gc
  spiderpoolctl gc -o json | jq -r '.freed[]'`;

/** `spiderpoolctl gc`. */
export function addGcCommand(program: Command, run: RunCommand): void {
  program
    .command('gc')
    .description('free the addresses of pods that are gone, now')
    .addHelpText('after', help)
    .action(() => run(collect));
}

async function collect(session: Session): Promise<ExitCode> {
  const source = await session.source();
  const { body, text } = await source.collect();
  printAnswer(session, { body }, text);
  return ExitCode.ok;
}
