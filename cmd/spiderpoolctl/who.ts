import type { Command } from 'commander';
import { type Cell, formatTable, type Paint } from '../../src/cli/table.ts';
import type { WhoShape } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import type { Answer } from './agent-client.ts';
import { ageOf, allocationFields, field, holderText } from './allocation-text.ts';
import { whoAnswer } from './answers.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
Exit status 0: somebody has the address; 1: nobody has it.

Examples:
  spiderpoolctl who 10.6.0.15
  spiderpoolctl who fd00:6::15 -o json | jq -r '.allocation.holders[-1].pod'`;

/** `spiderpoolctl who ADDRESS`. */
export function addWhoCommand(program: Command, run: RunCommand): void {
  program
    .command('who')
    .description('show who has an address, or who had it last')
    .argument('<address>', 'IPv4 or IPv6 address', parseAddressArgument)
    .addHelpText('after', help)
    .action((address: string) => run((session) => showWho(session, address)));
}

/** Asks the agent about an address in its canonical text. */
export async function readWho(session: Session, address: string): Promise<Answer<WhoShape>> {
  // An address has no character that a path would have to escape (RFC 3986, section 3.3: a segment may contain colons).
  const asked = { method: 'GET', path: `/v1/allocations/${address}` } as const;
  return session.client.send(asked, whoAnswer, session.signal);
}

async function showWho(session: Session, address: string): Promise<ExitCode> {
  const { body, value } = await readWho(session, address);
  printAnswer(session, body, () => whoText(value, session.console.paint));
  return value.allocation === undefined ? ExitCode.no : ExitCode.ok;
}

/** Who has the address, as lines for a person; control characters are escaped. */
export function whoText(who: WhoShape, paint: Paint): string {
  const rows = who.allocation === undefined ? nobodyFields(who) : allocationFields(who.allocation);
  const headline =
    who.allocation === undefined
      ? `nobody has ${who.address}`
      : `${who.address} belongs to ${holderText(who.allocation)}`;
  const title = formatTable([{ title: '' }], [[{ text: headline, style: 'bold' }]], { header: false, paint });
  return title + formatTable([{ title: '' }, { title: '' }], rows, { header: false, paint });
}

function nobodyFields({ pools, last }: WhoShape): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [field('pools', pools.length === 0 ? 'in no pool' : pools.join(', '))];
  if (last === undefined) return [...rows, field('last', 'nobody that the agent remembers')];
  rows.push(field('last', holderText(last.allocation)));
  rows.push(field('freed', `${last.freed} (${ageOf(last.freed)} ago)`));
  if (last.suspect)
    rows.push(field('suspect', 'its node was unreachable when it was freed: it may still answer'));
  return [...rows, ...allocationFields(last.allocation)];
}
