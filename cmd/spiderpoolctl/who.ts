import type { Command } from 'commander';
import { whoText } from '../../src/cli/who-text.ts';
import { type WhoShape, whoSchema } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import type { Answer } from './agent-client.ts';
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
  return session.client.send(asked, whoSchema, session.signal);
}

async function showWho(session: Session, address: string): Promise<ExitCode> {
  const { body, value } = await readWho(session, address);
  printAnswer(session, body, () => whoText(value, Date.now(), { paint: session.console.paint }));
  return value.allocation === undefined ? ExitCode.no : ExitCode.ok;
}
