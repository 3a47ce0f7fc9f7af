import type { EnvironmentReader } from '../process/environment-reader.ts';

/** The original's default, which its chart sets everywhere. */
const gopsPortDefault = '5712';
const recordsMaxDefault = 5000;

/**
 * Reads the original's variables that have no effect here: a value that can't be read ends the start there too.
 *
 * @returns a warning for each that promises something
 * @throws OptionsError when a value is no boolean or number
 */
export function variablesWithoutEffect(env: EnvironmentReader): string[] {
  const warnings: string[] = [];
  const warnIf = (isSet: boolean, name: string, effect: string): void => {
    if (isSet) warnings.push(`${name} is set, but is not supported here: ${effect}`);
  };
  const rdmaMetrics = env.boolean('SPIDERPOOL_ENABLED_RDMA_METRIC', false);
  const recordsMax = env.integer('SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS', recordsMaxDefault);
  const gopsPort = env.text('SPIDERPOOL_GOPS_LISTEN_PORT') ?? gopsPortDefault;
  // Of auto pools, whose annotations are refused.
  env.integer('SPIDERPOOL_WAIT_SUBNET_POOL_TIME_IN_SECOND', 0);
  env.integer('SPIDERPOOL_WAIT_SUBNET_POOL_MAX_RETRIES', 0);
  warnIf(rdmaMetrics, 'SPIDERPOOL_ENABLED_RDMA_METRIC', 'there are no RDMA metrics');
  warnIf(
    recordsMax !== recordsMaxDefault,
    'SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS',
    'a pool has no limit but its addresses',
  );
  warnIf(gopsPort !== gopsPortDefault, 'SPIDERPOOL_GOPS_LISTEN_PORT', 'no such port is opened');
  const pyroscope = env.text('SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS');
  warnIf(pyroscope !== undefined, 'SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS', 'no profiles are sent');
  return warnings;
}
