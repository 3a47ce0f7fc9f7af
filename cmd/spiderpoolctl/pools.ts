import type { Command } from 'commander';
import { poolsNotes, poolsTable } from '../../src/cli/pools-text.ts';
import { poolsSchema } from '../../src/wire/shapes.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
Columns:
  TOTAL      addresses of the pool less the excluded ones
  FREE       never used or cooled down; COOLING ones rest after their release and are given last
             (a disabled or deleting pool gives none of them)
  RESERVED   taken away by SpiderReservedIP
  EXCLUDED   taken away by the pool's excludeIPs

Examples:
  spiderpoolctl pools
  spiderpoolctl pools -o json | jq '.pools[] | select(.free == 0) | .name'`;

/** `spiderpoolctl pools`. */
export function addPoolsCommand(program: Command, run: RunCommand): void {
  program
    .command('pools')
    .description('list the pools with the counts of their addresses')
    .addHelpText('after', help)
    .action(() => run(showPools));
}

async function showPools(session: Session): Promise<ExitCode> {
  const { client, console, signal } = session;
  const { body, value } = await client.send({ method: 'GET', path: '/v1/pools' }, poolsSchema, signal);
  printAnswer(session, body, () => {
    for (const note of poolsNotes(value)) console.note(note);
    return poolsTable(value, { widthMax: console.widthMax, paint: console.paint });
  });
  return ExitCode.ok;
}
