import type { Command } from 'commander';
import { releasedText } from '../../src/cli/released-text.ts';
import { whoText } from '../../src/cli/who-text.ts';
import { releasedSchema } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import { CtlError, ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';
import { readWho } from './who.ts';

const help = `
The pod is not told: while it runs it goes on using the address, and another may get the same. Release what a pod
that is gone has left behind, and try "spiderpoolctl gc" first.

Exit status 0: released; 1: nobody has the address, or it was not released.

Examples:
  spiderpoolctl release 10.6.0.15
  spiderpoolctl release fd00:6::15 --yes -o json`;

/** `spiderpoolctl release ADDRESS`. */
export function addReleaseCommand(program: Command, run: RunCommand): void {
  program
    .command('release')
    .description('take an address away from who has it; asks first')
    .argument('<address>', 'IPv4 or IPv6 address', parseAddressArgument)
    .addHelpText('after', help)
    .action((address: string) => run((session) => release(session, address)));
}

async function release(session: Session, address: string): Promise<ExitCode> {
  const { console, signal } = session;
  if (!session.yes && !console.interactive) {
    throw new CtlError(
      'CTL_REFUSED',
      `${address} is not released without being asked, and this is no terminal: add --yes`,
    );
  }
  const { value: who } = await readWho(session, address);
  const { allocation } = who;
  if (allocation === undefined)
    throw new CtlError('CTL_REFUSED', `nobody has ${address}: there is nothing to release`);
  if (!session.yes) {
    const lines = whoText(who, Date.now()).trimEnd();
    for (const line of lines.split('\n')) console.note(line);
    if (!(await console.confirm(`Release ${address}?`, signal))) {
      throw new CtlError('CTL_REFUSED', `${address} was not released`);
    }
  }
  const holder = allocation.holders.at(-1);
  const { body, value } = await session.client.send(
    {
      method: 'DELETE',
      path: `/v1/allocations/${address}`,
      // The record that the person saw: by now the address may be somebody else's.
      query: { uid: holder?.uid, sandbox: holder?.sandbox },
    },
    releasedSchema,
    signal,
  );
  printAnswer(session, body, () => releasedText(value, Date.now()));
  return ExitCode.ok;
}
