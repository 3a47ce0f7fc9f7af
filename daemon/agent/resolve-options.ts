import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Conf } from '../../src/config/conf.ts';
import { defaultPaths } from '../../src/config/paths.ts';
import type { LogLevel } from '../../src/log/logger.ts';
import { type Environment, EnvironmentReader } from '../process/environment-reader.ts';
import { OptionsError } from '../process/options-error.ts';
import { readConf } from '../process/read-conf.ts';
import { readLogLevel } from '../process/read-log-level.ts';
import type { AgentOptions, KubernetesStoreOptions } from './agent-options.ts';
import { variablesWithoutEffect } from './variables-without-effect.ts';

/** Ports of the original, on a cluster. */
const healthPortDefault = 5710;
const metricsPortDefault = 5711;

/** Where addresses can be recorded. */
export const storeKinds = ['kubernetes', 'embedded'] as const;

/** What the command line says; undefined is not given. */
export interface AgentArguments {
  readonly store: (typeof storeKinds)[number];
  readonly configPath?: string;
  readonly kubeconfig?: string;
  readonly socket?: string;
  readonly dataDir?: string;
  readonly pools?: string;
  readonly metricsPort?: number;
  readonly logLevel?: LogLevel;
}

/**
 * Joins command line, environment (the original's names) and `conf.yml`; the command line wins.
 *
 * @throws OptionsError or ConfError when something can't be used
 */
export function resolveAgentOptions(given: AgentArguments, environment: Environment): AgentOptions {
  const env = new EnvironmentReader(environment);
  const { conf, warnings } = readConf(given.configPath);
  const common = {
    socketPath: resolve(given.socket ?? conf.ipamUnixSocketPath ?? defaultPaths.socket),
    stateFolder: resolve(given.dataDir ?? env.text('SPIDERPOOL_STATE_DIR') ?? defaultPaths.stateFolder),
    logLevel: given.logLevel ?? readLogLevel(env) ?? 'info',
    enabledFamilies: { 4: conf.enableIPv4, 6: conf.enableIPv6 },
  };
  if (given.store === 'kubernetes') return { ...common, ...onCluster(given, env, conf, warnings) };
  refuse(given.kubeconfig, '--kubeconfig', 'kubernetes');
  return {
    ...common,
    nodeName: env.text('SPIDERPOOL_NODE_NAME') ?? hostname(),
    store: { kind: 'embedded', poolFolder: resolve(given.pools ?? defaultPaths.poolFolder) },
    ...(given.metricsPort !== undefined && { metricsPort: given.metricsPort }),
    releasesConflicts: true,
    warnings,
    notes: [],
  };
}

/** What differs on a cluster, where the original's environment holds. */
function onCluster(
  given: AgentArguments,
  env: EnvironmentReader,
  conf: Conf,
  warnings: readonly string[],
): Omit<AgentOptions, 'socketPath' | 'stateFolder' | 'logLevel' | 'enabledFamilies'> {
  refuse(given.pools, '--pools', 'embedded');
  const isMeasured = env.boolean('SPIDERPOOL_ENABLED_METRIC', false);
  const portOfMetrics = env.port('SPIDERPOOL_METRIC_HTTP_PORT', metricsPortDefault);
  const metricsPort = given.metricsPort ?? (isMeasured ? portOfMetrics : undefined);
  return {
    nodeName: env.required(
      'SPIDERPOOL_NODE_NAME',
      'it must be the name of this Node, from the downward API (spec.nodeName); a host without a cluster needs --store embedded',
    ),
    store: kubernetesStore(given, env, conf),
    ...(metricsPort !== undefined && { metricsPort }),
    ...(env.boolean('SPIDERPOOL_ENABLED_DEBUG_METRIC', false) && { debugMetrics: true }),
    releasesConflicts: env.boolean('SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS', true),
    warnings: [...warnings, ...confWarnings(conf), ...variablesWithoutEffect(env)],
    notes: conf.tuneSysctlConfig
      ? ['tuneSysctlConfig is true: sysctls are left as they are here, set them with the means of the node']
      : [],
  };
}

function kubernetesStore(given: AgentArguments, env: EnvironmentReader, conf: Conf): KubernetesStoreOptions {
  const { enableStatefulSet, enableKubevirtStaticIP, enableSpiderSubnet } = conf;
  const clusterNetwork = env.text('MULTUS_CLUSTER_NETWORK');
  const healthPort = env.port('SPIDERPOOL_HEALTH_PORT', healthPortDefault);
  return {
    kind: 'kubernetes',
    ...(given.kubeconfig !== undefined && { kubeconfig: resolve(given.kubeconfig) }),
    agentNamespace: env.required(
      'SPIDERPOOL_POD_NAMESPACE',
      "it must be the namespace of the agent's pod, from the downward API (metadata.namespace)",
    ),
    agentPod: env.required(
      'SPIDERPOOL_POD_NAME',
      "it must be the name of the agent's pod, from the downward API (metadata.name)",
    ),
    ...(clusterNetwork !== undefined && { clusterNetwork }),
    enableStatefulSet,
    enableKubevirtStaticIP,
    enableSpiderSubnet,
    sweeps: env.boolean('SPIDERPOOL_GC_IP_ENABLED', true),
    ...(healthPort !== undefined && { healthPort }),
  };
}

function confWarnings({ enableSpiderSubnet }: Conf): string[] {
  if (!enableSpiderSubnet) return [];
  return [
    'enableSpiderSubnet is true, but SpiderSubnets are not supported here: pods with their annotations are refused',
  ];
}

function refuse(value: string | undefined, option: string, store: AgentArguments['store']): void {
  if (value !== undefined)
    throw new OptionsError(`${option} is of --store ${store}: leave it out, or give that`);
}
