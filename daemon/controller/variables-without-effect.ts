import type { EnvironmentReader } from '../process/environment-reader.ts';

/** The original's variables of numbers that have no effect here, with its defaults: other values promise something. */
const numbers = {
  SPIDERPOOL_GC_IP_WORKER_NUM: 3,
  SPIDERPOOL_GC_CHANNEL_BUFFER: 5_000,
  SPIDERPOOL_GC_MAX_PODENTRY_DB_CAP: 100_000,
  SPIDERPOOL_GC_TRACE_POD_GAP_DURATION: 5,
  SPIDERPOOL_GC_SIGNAL_TIMEOUT_DURATION: 3,
  SPIDERPOOL_GC_HTTP_REQUEST_TIME_GAP: 1,
  SPIDERPOOL_GC_PODENTRY_MAX_RETRIES: 5,
  SPIDERPOOL_LEADER_RETRY_GAP: 1,
  SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS: 5_000,
  SPIDERPOOL_IPPOOL_INFORMER_RESYNC_PERIOD: 300,
  SPIDERPOOL_IPPOOL_INFORMER_WORKERS: 3,
  SPIDERPOOL_SUBNET_INFORMER_RESYNC_PERIOD: 300,
  SPIDERPOOL_SUBNET_INFORMER_WORKERS: 5,
  SPIDERPOOL_SUBNET_INFORMER_MAX_WORKQUEUE_LENGTH: 10_000,
  SPIDERPOOL_SUBNET_APPLICATION_CONTROLLER_WORKERS: 5,
  SPIDERPOOL_AUTO_IPPOOL_HANDLER_MAX_WORKQUEUE_LENGTH: 10_000,
  SPIDERPOOL_WORKQUEUE_MAX_RETRIES: 500,
  SPIDERPOOL_WORKQUEUE_RETRY_DELAY_DURATION: 5,
} as const;

/** Switches of parts of the original that are not here. */
const switches = {
  SPIDERPOOL_COORDINATOR_ENABLED: 'SpiderCoordinators are not looked after',
  SPIDERPOOL_MULTUS_CONFIG_ENABLED: 'SpiderMultusConfigs are not looked after',
} as const;

/** The original's default, which its chart sets everywhere. */
const gopsPortDefault = '5724';

/**
 * Reads the original's variables that have no effect here: a value that can't be read ends the start there too.
 *
 * @returns a warning for each that promises something
 * @throws OptionsError when a value is no boolean or number
 */
export function controllerVariablesWithoutEffect(env: EnvironmentReader): string[] {
  const warnings: string[] = [];
  for (const [name, usual] of Object.entries(numbers)) {
    const value = env.integer(name, usual);
    if (value !== usual) warnings.push(`${name} is ${value}, but has no effect here`);
  }
  for (const [name, effect] of Object.entries(switches)) {
    if (env.boolean(name, false)) warnings.push(`${name} is set, but is not supported here: ${effect}`);
  }
  const gopsPort = env.text('SPIDERPOOL_GOPS_LISTEN_PORT') ?? gopsPortDefault;
  if (gopsPort !== gopsPortDefault) {
    warnings.push('SPIDERPOOL_GOPS_LISTEN_PORT is set, but is not supported here: no such port is opened');
  }
  if (env.text('SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS') !== undefined) {
    warnings.push(
      'SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS is set, but is not supported here: no profiles are sent',
    );
  }
  return warnings;
}
