import type { Command } from 'commander';
import { allocationsTable, noAllocationNote, outlivingNotes } from '../../src/cli/allocations-text.ts';
import { type AllocationFilter, readAllocations } from './allocation-pages.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
Examples:
  spiderpoolctl allocations --pool vlan6-v4
  spiderpoolctl allocations --sandbox 4f1d2c… -o yaml
  spiderpoolctl allocations -o json | jq -r '.allocations[].address'`;

/** `spiderpoolctl allocations`. */
export function addAllocationsCommand(program: Command, run: RunCommand): void {
  program
    .command('allocations')
    .description('list the allocated addresses and who has them')
    .option('--pool <name>', 'only addresses of this pool')
    .option('--node <name>', 'only of pods on this node; "*" for all (default: the agent\'s own)')
    .option('--sandbox <id>', 'only of this sandbox (whole container id)')
    .option('--uid <uid>', 'only of the pod with this UID')
    .option('--nic <name>', 'only of NICs with this name')
    .option('--network <name>', 'only of this CNI network')
    .addHelpText('after', help)
    .action((filter: AllocationFilter) => run((session) => showAllocations(session, filter)));
}

async function showAllocations(session: Session, filter: AllocationFilter): Promise<ExitCode> {
  const { client, console, signal } = session;
  const { body, value } = await readAllocations(client, filter, signal);
  printAnswer(session, body, () => {
    if (value.length === 0) console.note(noAllocationNote);
    for (const note of outlivingNotes(value)) console.note(note);
    return allocationsTable(value, Date.now(), { widthMax: console.widthMax, paint: console.paint });
  });
  return ExitCode.ok;
}
