import { once } from 'node:events';
import { Command, Option } from 'commander';
import { startController } from '../../daemon/controller/controller.ts';
import {
  type ControllerArguments,
  resolveControllerOptions,
} from '../../daemon/controller/resolve-controller-options.ts';
import { version } from '../../src/config/version.ts';
import { logLevels } from '../../src/log/logger.ts';
import { endSignal, runDaemon } from '../process/run-daemon.ts';

const help = `
Examples:
  spiderpool-controller daemon --config-path /tmp/spiderpool/config-map/conf.yml
  spiderpool-controller daemon --kubeconfig ./controller.kubeconfig

Environment: SPIDERPOOL_POD_NAMESPACE and SPIDERPOOL_POD_NAME (required), SPIDERPOOL_LOG_LEVEL (default: info),
SPIDERPOOL_WEBHOOK_PORT (default: 5722), SPIDERPOOL_HEALTH_PORT (5720), SPIDERPOOL_ENABLED_METRIC (false),
SPIDERPOOL_METRIC_HTTP_PORT (5721), SPIDERPOOL_LEADER_* and SPIDERPOOL_GC_*: docs/controller.md tells them all.`;

/**
 * Runs the controller's command line until SIGTERM or SIGINT, or until it loses its lease.
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
    .option(
      '--kubeconfig <file>',
      'of the cluster (default: KUBECONFIG, ~/.kube/config, or the service account of the pod)',
    )
    .option('--tls-server-cert <file>', 'certificate of the webhooks, PEM (default: one is made)')
    .option('--tls-server-key <file>', 'its private key, PEM')
    .addOption(new Option('--log-level <level>', 'what is logged (default: info)').choices(logLevels))
    .addHelpText('after', help)
    .action(serve);
  return runDaemon(program, argv);
}

async function serve(given: ControllerArguments): Promise<void> {
  const signal = endSignal();
  const aborted = once(signal, 'abort');
  await using controller = await startController(resolveControllerOptions(given, process.env));
  if (!signal.aborted) await Promise.race([aborted, controller.ended]);
  controller.log.info('shutting down');
}
