import type { Command } from 'commander';
import { poolsNotes, poolsTable } from '../../src/cli/pools-text.ts';
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
  spiderpoolctl pools vlan6-v4
  spiderpoolctl pools -o json | jq '.pools[] | select(.free == 0) | .name'`;

/** `spiderpoolctl pools`. */
export function addPoolsCommand(program: Command, run: RunCommand): void {
  program
    .command('pools')
    .description('list the pools with the counts of their addresses')
    .argument('[name]', 'only this pool')
    .addHelpText('after', help)
    .action((name?: string) => run((session) => showPools(session, name)));
}

async function showPools(session: Session, name: string | undefined): Promise<ExitCode> {
  const { console } = session;
  const source = await session.source();
  const answer = await source.pools(name);
  printAnswer(session, answer, () => {
    for (const note of poolsNotes(answer.value, source.noPools)) console.note(note);
    return poolsTable(answer.value, { widthMax: console.widthMax, paint: console.paint });
  });
  return ExitCode.ok;
}
