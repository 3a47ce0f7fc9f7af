import { once } from 'node:events';
import { Command, Option } from 'commander';
import { startController } from '../../daemon/controller/controller.ts';
import { type InstallArguments, install } from '../../daemon/controller/install/install.ts';
import { parseTimeoutMs, timeoutMsDefault } from '../../daemon/controller/parse-timeout.ts';
import {
  type ControllerArguments,
  resolveControllerOptions,
} from '../../daemon/controller/resolve-controller-options.ts';
import { type UninstallArguments, uninstall } from '../../daemon/controller/uninstall/uninstall.ts';
import { version } from '../../src/config/version.ts';
import { logLevels } from '../../src/log/logger.ts';
import { endSignal, runDaemon } from '../process/run-daemon.ts';

const daemonHelp = `
Examples:
  spiderpool-controller daemon --config-path /tmp/spiderpool/config-map/conf.yml
  spiderpool-controller daemon --kubeconfig ./controller.kubeconfig

Environment: SPIDERPOOL_POD_NAMESPACE and SPIDERPOOL_POD_NAME (required), SPIDERPOOL_LOG_LEVEL (default: info),
SPIDERPOOL_WEBHOOK_PORT (default: 5722), SPIDERPOOL_HEALTH_PORT (5720), SPIDERPOOL_ENABLED_METRIC (false),
SPIDERPOOL_METRIC_HTTP_PORT (5721), SPIDERPOOL_LEADER_* and SPIDERPOOL_GC_*: docs/controller.md tells them all.`;

const initHelp = `
Examples:
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_NAME=default-v4-ippool SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_SUBNET=10.6.0.0/16 \\
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_IPRANGES=10.6.1.1-10.6.1.250 spiderpool-controller init

Environment, all optional, for IPv6 with IPV6 in place of IPV4:
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_NAME      name of the pool
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_SUBNET    its subnet
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_IPRANGES  its addresses: ranges with commas between them, or a JSON list
  SPIDERPOOL_INIT_DEFAULT_IPV4_IPPOOL_GATEWAY   its gateway

A pool of that name that exists is never changed.`;

const cleanHelp = `
Examples:
  SPIDERPOOL_POD_NAMESPACE=spiderpool spiderpool-controller clean --dry-run
  SPIDERPOOL_POD_NAMESPACE=spiderpool spiderpool-controller clean
  SPIDERPOOL_POD_NAMESPACE=spiderpool spiderpool-controller clean --data

Without --data all pools and records stay. Run it when agents and controllers are removed: it waits for the end of their pods.
Environment: SPIDERPOOL_POD_NAMESPACE (required), SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME (default: spiderpool-controller).`;

const kubeconfigFlag = '--kubeconfig <file>';
const kubeconfigText =
  'of the cluster (default: KUBECONFIG, ~/.kube/config, or the service account of the pod)';

/**
 * Runs the controller's command line: the daemon until SIGTERM or SIGINT, or until it loses its lease; the other commands to their end.
 *
 * @returns the exit status
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('spiderpool-controller')
    .description('admission, pool status and garbage collection for a cluster')
    .version(version)
    .exitOverride();
  program
    .command('daemon')
    .description('serve the webhooks, and lead when no other replica does')
    .option('--config-path <file>', 'conf.yml, with the keys of the original')
    .option(kubeconfigFlag, kubeconfigText)
    .option('--tls-server-cert <file>', 'certificate of the webhooks, PEM (default: one is made)')
    .option('--tls-server-key <file>', 'its private key, PEM')
    .addOption(new Option('--log-level <level>', 'what is logged (default: info)').choices(logLevels))
    .addHelpText('after', daemonHelp)
    .action(serve);
  addInit(program);
  addClean(program);
  return runDaemon(program, argv);
}

function addInit(program: Command): void {
  program
    .command('init')
    .description('after an installation: wait for the webhooks, make the default pools')
    .option('--config-path <file>', 'conf.yml: which families are on (default: both)')
    .option(kubeconfigFlag, kubeconfigText)
    .addOption(timeoutOption('how long to wait for the webhooks and the pools'))
    .addHelpText('after', initHelp)
    .action((given: InstallArguments) => install(given, process.env, toPerson()));
}

/** The original calls the switches `--validate` and `--mutating`. */
function addClean(program: Command): void {
  program
    .command('clean')
    .description('after an uninstallation: remove what would keep pools, records and CRDs from being deleted')
    .option(kubeconfigFlag, kubeconfigText)
    .addOption(timeoutOption('how long each step may take, such as the end of the pods'))
    .option('--mutating <name>', "mutating webhook configuration (default: the controller's name)")
    .option('--validating <name>', "validating webhook configuration (default: the controller's name)")
    .option('--validate <name>', 'the same, as the original calls it')
    .option('--data', 'delete all pools, subnets, reserved addresses, endpoints and records, and their CRDs')
    .option('--dry-run', 'only tell what would be done')
    .addHelpText('after', cleanHelp)
    .action(({ validate, ...given }: UninstallArguments & { readonly validate?: string }) =>
      uninstall(
        { ...(validate !== undefined && { validating: validate }), ...given },
        process.env,
        toPerson(),
      ),
    );
}

function timeoutOption(description: string): Option {
  return new Option('--timeout <duration>', description)
    .argParser(parseTimeoutMs)
    .default(timeoutMsDefault, '5m');
}

function toPerson() {
  return { report: (line: string) => void process.stdout.write(`${line}\n`), signal: endSignal() };
}

async function serve(given: ControllerArguments): Promise<void> {
  const signal = endSignal();
  const aborted = once(signal, 'abort');
  await using controller = await startController(resolveControllerOptions(given, process.env));
  if (!signal.aborted) await Promise.race([aborted, controller.ended]);
  controller.log.info('shutting down');
}
