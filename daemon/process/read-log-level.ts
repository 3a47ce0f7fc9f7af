import { type LogLevel, logLevels } from '../../src/log/logger.ts';
import type { EnvironmentReader } from './environment-reader.ts';
import { OptionsError } from './options-error.ts';

/**
 * `SPIDERPOOL_LOG_LEVEL`, in capital or small letters; undefined when it is not set.
 *
 * @throws OptionsError when it is no level
 */
export function readLogLevel(env: EnvironmentReader): LogLevel | undefined {
  const text = env.text('SPIDERPOOL_LOG_LEVEL');
  if (text === undefined) return undefined;
  const level = logLevels.find((one) => one === text.toLowerCase());
  if (level !== undefined) return level;
  throw new OptionsError(`SPIDERPOOL_LOG_LEVEL is "${text}": write one of ${logLevels.join(', ')}`);
}
