import type { Command } from 'commander';
import { podNowText } from '../../src/cli/cluster-who-text.ts';
import { releasedText } from '../../src/cli/released-text.ts';
import type { ClusterWhoShape } from '../../src/wire/cluster-shapes.ts';
import type { WhoShape } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import { CtlError, ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';
import { whoLines } from './who.ts';

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
  const source = await session.source();
  const { value: who, notes = [] } = await source.who(address);
  if (who.allocation === undefined)
    throw new CtlError('CTL_REFUSED', `nobody has ${address}: there is nothing to release`);
  for (const note of [...notes, ...livingWarnings(who)]) console.note(note);
  if (!session.yes) {
    if ('cluster' in who) console.note(`${source.title} says:`);
    for (const line of whoLines(who).trimEnd().split('\n')) console.note(line);
    if (!(await console.confirm(`Release ${address}?`, signal))) {
      throw new CtlError('CTL_REFUSED', `${address} was not released`);
    }
  }
  const answer = await source.release(who);
  printAnswer(session, answer, () => releasedText(answer.value, Date.now()));
  return ExitCode.ok;
}

/** On a cluster the agent of another node holds the record too, and stands by it while its pod lives. */
function livingWarnings(who: WhoShape | ClusterWhoShape): readonly string[] {
  if (!('cluster' in who)) return [];
  return who.cluster.pods
    .filter(({ state }) => state === 'living' || state === 'ending')
    .map(
      (pod) =>
        `WARNING: ${podNowText(pod)}. It goes on using ${who.address}, and another may get the same; its agent puts the record back within half a minute if nobody has the address by then. Delete the pod instead.`,
    );
}
