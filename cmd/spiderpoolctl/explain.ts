import { type Command, InvalidArgumentError, Option } from 'commander';
import { explainText } from '../../src/cli/explain-text.ts';
import { explainSchema } from '../../src/wire/shapes.ts';
import { parseAddressArgument } from './address-argument.ts';
import { ExitCode } from './ctl-error.ts';
import { composeExplainRequest, composeNetworkConfig, type ExplainOptions } from './explain-request.ts';
import { readNetworkConfig } from './network-config-file.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
Without --config and without pools, the cluster's default pools are explained. Nothing is allocated.

Exit status 0: the ADD would succeed; 1: it would fail.

Examples:
  spiderpoolctl explain --ipv4-pool vlan6-v4 --ipv4-pool vlan7-v4 --ipv6-pool vlan6-v6
  spiderpoolctl explain --config /etc/cni/net.d/10-macvlan.conflist --pod default/web-0 --nic net1
  spiderpoolctl explain --ipv4-pool 'vlan*' --request-ip 10.6.0.15 -o json | jq '.nics[].candidates'`;

interface CommandOptions extends ExplainOptions {
  readonly config?: string;
}

/** `spiderpoolctl explain`. */
export function addExplainCommand(program: Command, run: RunCommand): void {
  program
    .command('explain')
    .description('show which pools an ADD would try, which not and why, and the address it would get')
    .addOption(
      new Option('--config <file>', 'CNI network config or .conflist; "-" is stdin').conflicts([
        'ipv4Pool',
        'ipv6Pool',
        'cleanGateway',
      ]),
    )
    .option('--ipv4-pool <name>', 'IPv4 pool or pattern, in the order to try; repeatable', appendPool)
    .option('--ipv6-pool <name>', 'IPv6 pool or pattern, in the order to try; repeatable', appendPool)
    .option('--clean-gateway', 'leave out the default route')
    .option('--nic <name>', 'network interface of the pod', 'eth0')
    .option('--pod <namespace/name>', 'the pod that the ADD is for', parsePod)
    .option(
      '--uid <uid>',
      "the pod's UID: with that of a running pod, its own address is shown",
      parseArgsValue,
    )
    .option('--container-id <id>', 'container id of the sandbox', 'spiderpoolctl-explain')
    .option('--request-ip <address>', 'ask for this address', parseAddressArgument)
    .addHelpText('after', help)
    .action((options: CommandOptions) => run((session) => explain(session, options)));
}

async function explain(session: Session, options: CommandOptions): Promise<ExitCode> {
  const { client, console, signal } = session;
  const config =
    options.config === undefined
      ? composeNetworkConfig(options)
      : await readNetworkConfig(options.config, console.stdin, signal);
  const { body, value } = await client.send(
    { method: 'POST', path: '/v1/explain', body: composeExplainRequest(config, options) },
    explainSchema,
    signal,
  );
  printAnswer(session, body, () => explainText(value, { widthMax: console.widthMax, paint: console.paint }));
  return value.error === undefined ? ExitCode.ok : ExitCode.no;
}

function appendPool(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

function parsePod(text: string): string {
  if (!/^[^\s/;=]+\/[^\s/;=]+$/u.test(text)) {
    throw new InvalidArgumentError('Write NAMESPACE/NAME, such as default/web-0.');
  }
  return text;
}

/** A value that goes into CNI_ARGS, whose separators it can't contain. */
function parseArgsValue(text: string): string {
  if (!/^[^\s;=]+$/u.test(text)) throw new InvalidArgumentError('It must have no blanks, ; or =.');
  return text;
}
