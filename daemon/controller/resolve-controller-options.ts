import { resolve } from 'node:path';
import type { Conf } from '../../src/config/conf.ts';
import type { LogLevel } from '../../src/log/logger.ts';
import { type Environment, EnvironmentReader } from '../process/environment-reader.ts';
import { OptionsError } from '../process/options-error.ts';
import { readConf } from '../process/read-conf.ts';
import { readLogLevel } from '../process/read-log-level.ts';
import type {
  CertificateSource,
  CollectionOptions,
  ControllerOptions,
  LeaderTimes,
} from './controller-options.ts';
import { controllerVariablesWithoutEffect } from './variables-without-effect.ts';

/** Ports of the original. */
const ports = { health: 5720, metrics: 5721, webhook: 5722 } as const;

/** Name of the controller's Deployment, Service and webhook configurations in the original's chart. */
export const controllerNameDefault = 'spiderpool-controller';

/** What the command line says; undefined is not given. */
export interface ControllerArguments {
  readonly configPath?: string;
  readonly kubeconfig?: string;
  readonly tlsServerCert?: string;
  readonly tlsServerKey?: string;
  readonly logLevel?: LogLevel;
}

/**
 * Joins command line, environment (the original's names) and `conf.yml`; the command line wins.
 *
 * @throws OptionsError or ConfError when something can't be used
 */
export function resolveControllerOptions(
  given: ControllerArguments,
  environment: Environment,
): ControllerOptions {
  const env = new EnvironmentReader(environment);
  const { conf, warnings } = readConf(given.configPath);
  const controllerName = env.text('SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME') ?? controllerNameDefault;
  const isMeasured = env.boolean('SPIDERPOOL_ENABLED_METRIC', false);
  const metricsPort = env.port('SPIDERPOOL_METRIC_HTTP_PORT', ports.metrics);
  const healthPort = env.port('SPIDERPOOL_HEALTH_PORT', ports.health);
  const webhookPort = env.port('SPIDERPOOL_WEBHOOK_PORT', ports.webhook);
  return {
    ...(given.kubeconfig !== undefined && { kubeconfig: resolve(given.kubeconfig) }),
    namespace: env.required(
      'SPIDERPOOL_POD_NAMESPACE',
      "it must be the namespace of the controller's pod, from the downward API (metadata.namespace)",
    ),
    podName: env.required(
      'SPIDERPOOL_POD_NAME',
      "it must be the name of the controller's pod, from the downward API (metadata.name)",
    ),
    controllerName,
    logLevel: given.logLevel ?? readLogLevel(env) ?? 'info',
    families: familiesOf(conf),
    enableSpiderSubnet: conf.enableSpiderSubnet,
    enableStatefulSet: conf.enableStatefulSet,
    enableKubevirtStaticIP: conf.enableKubevirtStaticIP,
    refusesDeletionInUse: conf.enableValidatingResourcesDeletedWebhook,
    certificate: certificateSource(given, controllerName),
    ...(webhookPort !== undefined && { webhookPort }),
    ...(healthPort !== undefined && { healthPort }),
    ...(isMeasured && metricsPort !== undefined && { metricsPort }),
    debugMetrics: env.boolean('SPIDERPOOL_ENABLED_DEBUG_METRIC', false),
    metricRenewMs: seconds(env, 'SPIDERPOOL_METRIC_RENEW_PERIOD', 120, 1),
    leader: leaderTimes(env),
    collection: collectionOptions(env),
    warnings: [...warnings, ...confWarnings(conf), ...controllerVariablesWithoutEffect(env)],
  };
}

function familiesOf({ enableIPv4, enableIPv6 }: Conf): ControllerOptions['families'] {
  return [...(enableIPv4 ? ([4] as const) : []), ...(enableIPv6 ? ([6] as const) : [])];
}

function certificateSource(
  { tlsServerCert, tlsServerKey }: ControllerArguments,
  controllerName: string,
): CertificateSource {
  if (tlsServerCert === undefined && tlsServerKey === undefined) {
    return { kind: 'own', secretName: `${controllerName}-server-certs` };
  }
  if (tlsServerCert === undefined || tlsServerKey === undefined) {
    throw new OptionsError(
      '--tls-server-cert and --tls-server-key belong together: give both, or none to have a certificate made',
    );
  }
  return { kind: 'files', certificateFile: resolve(tlsServerCert), keyFile: resolve(tlsServerKey) };
}

function leaderTimes(env: EnvironmentReader): LeaderTimes {
  const times = {
    leaseMs: seconds(env, 'SPIDERPOOL_LEADER_DURATION', 15, 1),
    renewDeadlineMs: seconds(env, 'SPIDERPOOL_LEADER_RENEW_DEADLINE', 10, 1),
    retryMs: seconds(env, 'SPIDERPOOL_LEADER_RETRY_PERIOD', 2, 1),
  };
  const { leaseMs, renewDeadlineMs, retryMs } = times;
  if (leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs) return times;
  throw new OptionsError(
    'SPIDERPOOL_LEADER_DURATION must be longer than SPIDERPOOL_LEADER_RENEW_DEADLINE, and that longer than SPIDERPOOL_LEADER_RETRY_PERIOD',
  );
}

function collectionOptions(env: EnvironmentReader): CollectionOptions {
  return {
    isEnabled: env.boolean('SPIDERPOOL_GC_IP_ENABLED', true),
    onReadyNodes: env.boolean('SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_READY_NODE_ENABLED', true),
    onNotReadyNodes: env.boolean('SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_NOT_READY_NODE_ENABLED', true),
    runningWithoutAddress: env.boolean(
      'SPIDERPOOL_GC_ENABLE_STATELESS_RUNNING_POD_ON_EMPTY_POD_STATUS_IPS',
      false,
    ),
    additionalGraceMs: seconds(env, 'SPIDERPOOL_GC_ADDITIONAL_GRACE_DELAY', 0, 0),
    intervalMs: seconds(env, 'SPIDERPOOL_GC_DEFAULT_INTERVAL_DURATION', 600, 1),
  };
}

/** Days would be a mistake in the unit. */
const secondsMax = 86_400;

function seconds(env: EnvironmentReader, name: string, fallback: number, least: number): number {
  const value = env.integer(name, fallback);
  if (value >= least && value <= secondsMax) return value * 1_000;
  throw new OptionsError(`${name} is ${value}: write seconds from ${least} to ${secondsMax}`);
}

function confWarnings({ enableSpiderSubnet }: Conf): string[] {
  if (!enableSpiderSubnet) return [];
  return [
    'enableSpiderSubnet is true, but no pools are made of SpiderSubnets here: they are only checked, and pods with their annotations are refused',
  ];
}
