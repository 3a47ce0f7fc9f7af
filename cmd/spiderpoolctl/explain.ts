import { type Command, InvalidArgumentError, Option } from 'commander';
import { explainText } from '../../src/cli/explain-text.ts';
import { parseAddressArgument } from './address-argument.ts';
import { CtlError, ExitCode } from './ctl-error.ts';
import { composeNetworkConfig, type ExplainOptions } from './explain-request.ts';
import { readNetworkConfig } from './network-config-file.ts';
import { parsePodArgument } from './pod-argument.ts';
import { readPodManifest } from './pod-manifest.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';
import type { ExplainQuestion } from './source.ts';

const help = `
Nothing is allocated. A cluster explains a pod that exists (--pod) or would exist (--manifest), with its annotations, its node, and the
configuration of its Multus network. Otherwise, without --config and without pools, the cluster's default pools are explained.

Exit status 0: the ADD would succeed; 1: it would fail.

Examples:
  spiderpoolctl explain --ipv4-pool vlan6-v4 --ipv4-pool vlan7-v4 --ipv6-pool vlan6-v6
  spiderpoolctl explain --kubeconfig ~/.kube/config --pod default/web-0 --nic net1
  spiderpoolctl explain --manifest web.yaml --node worker-1
  spiderpoolctl explain --config /etc/cni/net.d/10-macvlan.conflist --pod default/web-0 --nic net1
  spiderpoolctl explain --ipv4-pool 'vlan*' --request-ip 10.6.0.15 -o json | jq '.nics[].candidates'`;

interface CommandOptions extends ExplainOptions {
  readonly config?: string;
  readonly manifest?: string;
  readonly node?: string;
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
    .option('--pod <namespace/name>', 'the pod that the ADD is for', parsePodArgument)
    .option(
      '--uid <uid>',
      "the pod's UID: with that of a running pod, its own address is shown",
      parseArgsValue,
    )
    .option('--container-id <id>', 'container id of the sandbox', 'spiderpoolctl-explain')
    .addOption(
      new Option(
        '--manifest <file>',
        'a Pod, or a workload with a template of one, that need not exist; "-" is stdin (cluster)',
      ).conflicts(['pod', 'uid']),
    )
    .option('--node <name>', 'as if the pod was on this node (cluster)')
    .option('--request-ip <address>', 'ask for this address', parseAddressArgument)
    .addHelpText('after', help)
    .action((options: CommandOptions) => run((session) => explain(session, options)));
}

async function explain(session: Session, options: CommandOptions): Promise<ExitCode> {
  const { console, signal } = session;
  const source = await session.source();
  const question = await readQuestion(options, { stdin: console.stdin, signal });
  const answer = await source.explain(question);
  printAnswer(session, answer, () =>
    explainText(answer.value, { widthMax: console.widthMax, paint: console.paint }),
  );
  return answer.value.error === undefined ? ExitCode.ok : ExitCode.no;
}

async function readQuestion(
  options: CommandOptions,
  input: { readonly stdin: NodeJS.ReadableStream; readonly signal: AbortSignal },
): Promise<ExplainQuestion> {
  const { config, manifest, node, ipv4Pool, ipv6Pool, cleanGateway } = options;
  if (config === '-' && manifest === '-') {
    throw new CtlError('CTL_USAGE', 'stdin can be the config or the manifest, not both');
  }
  const isComposed = ipv4Pool !== undefined || ipv6Pool !== undefined || cleanGateway === true;
  const named = config === undefined ? undefined : await readNetworkConfig(config, input);
  const used = named ?? (isComposed ? composeNetworkConfig(options) : undefined);
  const pod = manifest === undefined ? undefined : await readPodManifest(manifest, input);
  return {
    options,
    ...(used && { config: used }),
    ...(pod && { pod }),
    ...(node !== undefined && { node }),
  };
}

function appendPool(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

/** A value that goes into CNI_ARGS, whose separators it can't contain. */
function parseArgsValue(text: string): string {
  if (!/^[^\s;=]+$/u.test(text)) throw new InvalidArgumentError('It must have no blanks, ; or =.');
  return text;
}
