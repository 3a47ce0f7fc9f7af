import type { Command } from 'commander';
import { allocationsTable, noAllocationNote, outlivingNotes } from '../../src/cli/allocations-text.ts';
import { countText } from '../../src/cli/count-text.ts';
import { ListFormat, type MachineFormat } from '../../src/cli/list-format.ts';
import type { AllocationShape } from '../../src/wire/shapes.ts';
import { ExitCode } from './ctl-error.ts';
import { parsePodArgument } from './pod-argument.ts';
import type { RunCommand } from './run-command.ts';
import type { Session } from './session.ts';
import type { AllocationFilter, AllocationPage } from './source.ts';

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
    .option(
      '--node <name>',
      'only of pods on this node; "*" for all (default: all of a cluster, the agent\'s own of an agent)',
    )
    .option('--pod <namespace/name>', 'only of pods with this name', parsePodArgument)
    .option('--sandbox <id>', 'only of this sandbox (whole container id)')
    .option('--uid <uid>', 'only of the pod with this UID')
    .option('--nic <name>', 'only of NICs with this name')
    .option('--network <name>', 'only of this CNI network')
    .addHelpText('after', help)
    .action((filter: AllocationFilter) => run((session) => showAllocations(session, filter)));
}

/** Rows that are aligned with each other, and held for it: a few megabytes. A longer table goes on with widths of its own. */
const alignedRowsMax = 5_000;

async function showAllocations(session: Session, filter: AllocationFilter): Promise<ExitCode> {
  const source = await session.source();
  const pages = source.allocations(filter);
  await (session.output === 'table' ? printTable(session, pages) : printList(session, session.output, pages));
  return ExitCode.ok;
}

async function printTable({ console }: Session, pages: AsyncIterable<AllocationPage>): Promise<void> {
  let rows: AllocationShape[] = [];
  let printed = 0;
  const flush = (): void => {
    const options = { widthMax: console.widthMax, paint: console.paint, header: printed === 0 };
    console.print(allocationsTable(rows, Date.now(), options));
    for (const note of outlivingNotes(rows)) console.note(note);
    printed += rows.length;
    rows = [];
  };
  for await (const { values } of pages) {
    for (const value of values) rows.push(value);
    console.progress(`${countText(printed + rows.length, 'address', 'addresses')} so far`);
    if (rows.length >= alignedRowsMax) flush();
  }
  if (rows.length > 0) flush();
  if (printed === 0) console.note(noAllocationNote);
}

/** Page by page: a cluster may have more records than there is memory for. */
async function printList(
  { console }: Session,
  format: MachineFormat,
  pages: AsyncIterable<AllocationPage>,
): Promise<void> {
  const list = new ListFormat('allocations', format);
  let printed = 0;
  for await (const { bodies } of pages) {
    console.print(list.page(bodies));
    printed += bodies.length;
    console.progress(`${countText(printed, 'address', 'addresses')} so far`);
  }
  console.print(list.end());
}
