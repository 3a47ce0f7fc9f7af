import type { Command } from 'commander';
import { clusterWhoText } from '../../src/cli/cluster-who-text.ts';
import type { TextOptions } from '../../src/cli/table.ts';
import { whoText } from '../../src/cli/who-text.ts';
import type { ClusterWhoShape } from '../../src/wire/cluster-shapes.ts';
import type { WhoShape } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import { ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
On a cluster it also tells whether the pod still exists and how its node is.

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

/** Who has an address, and else who had it last, as lines for a person. */
export function whoLines(
  who: WhoShape | ClusterWhoShape,
  { paint }: Pick<TextOptions, 'paint'> = {},
): string {
  const options = paint === undefined ? {} : { paint };
  return 'cluster' in who ? clusterWhoText(who, Date.now(), options) : whoText(who, Date.now(), options);
}

async function showWho(session: Session, address: string): Promise<ExitCode> {
  const source = await session.source();
  const answer = await source.who(address);
  printAnswer(session, answer, () => whoLines(answer.value, { paint: session.console.paint }));
  return answer.value.allocation === undefined ? ExitCode.no : ExitCode.ok;
}
