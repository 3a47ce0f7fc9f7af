import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { ConfError, defaultConf, type ParsedConf, parseAgentConf } from '../../src/config/agent-conf.ts';
import { defaultPaths } from '../../src/config/paths.ts';
import { type LogLevel, logLevels } from '../../src/log/logger.ts';
import type { AgentOptions } from './agent-options.ts';

/** What the command line says; undefined is not given. */
export interface AgentArguments {
  readonly configPath?: string;
  readonly socket?: string;
  readonly dataDir?: string;
  readonly pools?: string;
  readonly metricsPort?: number;
  readonly logLevel?: LogLevel;
}

/** An environment variable or argument can't be used. The message tells which and what to write. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'OPTIONS_INVALID';
}

/**
 * Joins command line, environment (the original's names) and `conf.yml`; the command line wins.
 *
 * @throws OptionsError or ConfError when something can't be used
 */
export function resolveAgentOptions(
  given: AgentArguments,
  env: Readonly<Record<string, string | undefined>>,
): AgentOptions {
  const { conf, warnings } = readConf(given.configPath);
  const socket = given.socket ?? conf.ipamUnixSocketPath ?? defaultPaths.socket;
  const metricsPort = given.metricsPort;
  return {
    socketPath: resolve(socket),
    stateFolder: resolve(given.dataDir ?? trimmed(env['SPIDERPOOL_STATE_DIR']) ?? defaultPaths.stateFolder),
    poolFolder: resolve(given.pools ?? defaultPaths.poolFolder),
    nodeName: trimmed(env['SPIDERPOOL_NODE_NAME']) ?? hostname(),
    ...(metricsPort !== undefined && { metricsPort }),
    logLevel: given.logLevel ?? parseLogLevel(trimmed(env['SPIDERPOOL_LOG_LEVEL'])) ?? 'info',
    enabledFamilies: { 4: conf.enableIPv4, 6: conf.enableIPv6 },
    warnings,
  };
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

/** Values are trimmed, and empty is not set, as in the original. */
function trimmed(text: string | undefined): string | undefined {
  const value = text?.trim();
  return value === '' ? undefined : value;
}
