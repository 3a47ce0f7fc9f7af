import { once } from 'node:events';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startAgent } from '../../daemon/agent/agent.ts';
import { type AgentArguments, resolveAgentOptions, storeKinds } from '../../daemon/agent/resolve-options.ts';
import { defaultPaths } from '../../src/config/paths.ts';
import { version } from '../../src/config/version.ts';
import { logLevels } from '../../src/log/logger.ts';
import { endSignal, runDaemon } from '../process/run-daemon.ts';
import { addInstallCommand } from './install.ts';

const help = `
Examples:
  spiderpool-agent daemon --config-path /tmp/spiderpool/config-map/conf.yml
  spiderpool-agent daemon --kubeconfig ./agent.kubeconfig --data-dir ./state --socket ./agent.sock
  spiderpool-agent daemon --store embedded
  spiderpool-agent daemon --store embedded --pools ./pools --data-dir ./state --socket ./agent.sock
  curl --unix-socket ${defaultPaths.socket} http://agent/v1/pools

Environment: SPIDERPOOL_NODE_NAME (on a cluster required, else the host's name), SPIDERPOOL_LOG_LEVEL (default: info),
SPIDERPOOL_STATE_DIR (as --data-dir; the plugin reads it too). On a cluster also SPIDERPOOL_POD_NAMESPACE and
SPIDERPOOL_POD_NAME (required), SPIDERPOOL_HEALTH_PORT (default: 5710, 0 for none), SPIDERPOOL_ENABLED_METRIC
(default: false), SPIDERPOOL_METRIC_HTTP_PORT (default: 5711), SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS (default: true),
MULTUS_CLUSTER_NETWORK.`;

/**
 * Runs the agent's command line until SIGTERM or SIGINT.
 *
 * @returns the exit status
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('spiderpool-agent')
    .description('IP address management for the pods of this node')
    .version(version)
    .exitOverride();
  addDaemonCommand(program);
  addInstallCommand(program);
  return runDaemon(program, argv);
}

function addDaemonCommand(program: Command): void {
  program
    .command('daemon')
    .description('serve the socket that the CNI plugin and spiderpoolctl talk to')
    .addOption(
      new Option('--store <kind>', 'where the addresses are recorded')
        .choices(storeKinds)
        .default('kubernetes' satisfies AgentArguments['store']),
    )
    .option('--config-path <file>', 'conf.yml, with the keys of the original')
    .option(
      '--kubeconfig <file>',
      'of the cluster (default: KUBECONFIG, ~/.kube/config, or the service account of the pod)',
    )
    .option(
      '--socket <path>',
      `unix socket to serve (default: ipamUnixSocketPath of conf.yml, or ${defaultPaths.socket})`,
    )
    .option(
      '--data-dir <folder>',
      `tombstones, lock, and the embedded ledger (default: ${defaultPaths.stateFolder})`,
    )
    .option('--pools <folder>', `pool manifests, of --store embedded (default: ${defaultPaths.poolFolder})`)
    .option(
      '--metrics-port <port>',
      'serve metrics on this TCP port (default: none, or as the environment says on a cluster)',
      parsePort,
    )
    .addOption(new Option('--log-level <level>', 'what is logged (default: info)').choices(logLevels))
    .addHelpText('after', help)
    .action(serve);
}

async function serve(given: AgentArguments): Promise<void> {
  const signal = endSignal();
  const ended = once(signal, 'abort');
  await using agent = await startAgent(resolveAgentOptions(given, process.env), signal);
  if (!signal.aborted) await ended;
  agent.log.info('shutting down');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('write a port from 1 to 65535');
  return port;
}
