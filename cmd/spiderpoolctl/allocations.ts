import type { Command } from 'commander';
import { type Cell, type Column, formatTable } from '../../src/cli/table.ts';
import type { AllocationShape } from '../../src/wire/shapes.ts';
import { type AllocationFilter, readAllocations } from './allocation-pages.ts';
import { ageOf, holderText, shortSandbox } from './allocation-text.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const columns: readonly Column[] = [
  { title: 'ADDRESS' },
  { title: 'POOL', fit: 'cut' },
  { title: 'NETWORK', fit: 'cut' },
  { title: 'NIC' },
  { title: 'HELD BY', fit: 'cut' },
  { title: 'NODE', fit: 'cut' },
  { title: 'SANDBOX' },
  { title: 'AGE', align: 'right' },
];

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
    .option('--node <name>', 'only of pods on this node')
    .option('--sandbox <id>', 'only of this sandbox (whole container id)')
    .option('--uid <uid>', 'only of the pod with this UID')
    .option('--nic <name>', 'only of NICs with this name')
    .option('--network <name>', 'only of this CNI network')
    .addHelpText('after', help)
    .action((filter: AllocationFilter) => run((session) => showAllocations(session, filter)));
}

async function showAllocations(session: Session, filter: AllocationFilter): Promise<ExitCode> {
  const { body, value } = await readAllocations(session.client, filter, session.signal);
  printAnswer(session, body, () => allocationsTable(session, value));
  return ExitCode.ok;
}

function allocationsTable({ console }: Session, allocations: readonly AllocationShape[]): string {
  if (allocations.length === 0) {
    console.note('no allocated address matches');
    return '';
  }
  return formatTable(columns, allocations.map(allocationRow), {
    widthMax: console.widthMax,
    paint: console.paint,
  });
}

function allocationRow(allocation: AllocationShape): readonly Cell[] {
  const newest = allocation.holders.at(-1);
  return [
    allocation.address,
    allocation.pool,
    allocation.network,
    allocation.nic,
    holderText(allocation),
    newest?.node ?? '',
    shortSandbox(newest?.sandbox ?? ''),
    ageOf(allocation.since),
  ];
}
