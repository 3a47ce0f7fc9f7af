import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import {
  type AgentConf,
  ConfError,
  defaultConf,
  type ParsedConf,
  parseAgentConf,
} from '../../src/config/agent-conf.ts';
import { defaultPaths } from '../../src/config/paths.ts';
import { type LogLevel, logLevels } from '../../src/log/logger.ts';
import type { AgentOptions, KubernetesStoreOptions } from './agent-options.ts';
import { type Environment, EnvironmentReader } from './environment-reader.ts';
import { OptionsError } from './options-error.ts';
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
    logLevel: given.logLevel ?? parseLogLevel(env.text('SPIDERPOOL_LOG_LEVEL')) ?? 'info',
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
  conf: AgentConf,
  warnings: readonly string[],
): Pick<AgentOptions, 'nodeName' | 'store' | 'metricsPort' | 'releasesConflicts' | 'warnings' | 'notes'> {
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
    releasesConflicts: env.boolean('SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS', true),
    warnings: [...warnings, ...confWarnings(conf), ...variablesWithoutEffect(env)],
    notes: conf.tuneSysctlConfig
      ? ['tuneSysctlConfig is true: sysctls are left as they are here, set them with the means of the node']
      : [],
  };
}

function kubernetesStore(
  given: AgentArguments,
  env: EnvironmentReader,
  conf: AgentConf,
): KubernetesStoreOptions {
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
    ...(healthPort !== undefined && { healthPort }),
  };
}

function confWarnings({ enableSpiderSubnet }: AgentConf): string[] {
  if (!enableSpiderSubnet) return [];
  return [
    'enableSpiderSubnet is true, but SpiderSubnets are not supported here: pods with their annotations are refused',
  ];
}

function refuse(value: string | undefined, option: string, store: AgentArguments['store']): void {
  if (value !== undefined)
    throw new OptionsError(`${option} is of --store ${store}: leave it out, or give that`);
}

function readConf(path: string | undefined): ParsedConf {
  if (path === undefined) return { conf: defaultConf, warnings: [] };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfError(`${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
  return parseAgentConf(text, path);
}

function parseLogLevel(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = logLevels.find((one) => one === text.toLowerCase());
  if (level !== undefined) return level;
  throw new OptionsError(`SPIDERPOOL_LOG_LEVEL is "${text}": write one of ${logLevels.join(', ')}`);
}
