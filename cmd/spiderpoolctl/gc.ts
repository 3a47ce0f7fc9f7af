import type { Command } from 'commander';
import { sweepText } from '../../src/cli/sweep-text.ts';
import { sweepSchema } from '../../src/wire/shapes.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
The agent does this by itself, too; this is one pass of it now. An address is freed when two passes, some time apart, find
the network namespace of its pod gone: run it again for those that are only suspected.

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
  const asked = { method: 'POST', path: '/v1/gc' } as const;
  const { body, value } = await session.client.send(asked, sweepSchema, session.signal);
  printAnswer(session, body, () => sweepText(value));
  return ExitCode.ok;
}
