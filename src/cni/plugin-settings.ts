import { FieldReader, isJsonObject } from './field-reader.ts';
import { defaultLogPath, defaultSocketPath, logPathProblem, socketPathProblem } from './plugin-paths.ts';
import { quoteText } from './sanitize-text.ts';

/** Level of the plugin's own log file; upstream accepts these words in any case. */
export type PluginLogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'panic';

/** How the plugin writes its log file. Zero means no limit for age and count, as upstream has it. */
export interface PluginLogSettings {
  readonly path: string;
  readonly level: PluginLogLevel;
  /** A larger file is rotated. */
  readonly bytesMax: number;
  /** Older rotated files are removed; 0 keeps them. */
  readonly ageMsMax: number;
  /** More rotated files than these are removed, oldest first; 0 keeps them. */
  readonly countMax: number;
}

const logLevels: readonly PluginLogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal', 'panic'];
const mebibyte = 1024 * 1024;
const dayMs = 24 * 60 * 60 * 1000;

function ipamOf(config: unknown): FieldReader {
  const root = new FieldReader(isJsonObject(config) ? config : {}, '');
  return root.object('ipam') ?? new FieldReader({}, 'ipam');
}

/**
 * The socket that the configuration names, or the default.
 * @param config the network configuration; what is not an object has no keys
 * @throws {CniError} code 7
 */
export function parseSocketPath(config: unknown): string {
  return readPath(ipamOf(config), 'ipam_unix_socket_path', socketPathProblem) ?? defaultSocketPath;
}

/**
 * The keys `log_*`, with upstream's defaults.
 * @param config the network configuration; what is not an object has no keys
 * @throws {CniError} code 7
 */
export function parseLogSettings(config: unknown): PluginLogSettings {
  const ipam = ipamOf(config);
  return {
    path: readPath(ipam, 'log_file_path', logPathProblem) ?? defaultLogPath,
    level: readLevel(ipam),
    bytesMax: readLimit(ipam, 'log_file_max_size', { zero: 100, negative: 100 }) * mebibyte,
    ageMsMax: readLimit(ipam, 'log_file_max_age', { zero: 0, negative: 30 }) * dayMs,
    countMax: readLimit(ipam, 'log_file_max_count', { zero: 0, negative: 10 }),
  };
}

function readPath(
  ipam: FieldReader,
  key: string,
  problemOf: (path: string) => string | undefined,
): string | undefined {
  const path = ipam.string(key);
  if (path === undefined || path === '') return undefined;
  const problem = problemOf(path);
  if (problem !== undefined) throw ipam.invalid(key, problem);
  return path;
}

function readLevel(ipam: FieldReader): PluginLogLevel {
  const text = ipam.string('log_level') ?? '';
  if (text === '') return 'debug';
  const level = logLevels.find((known) => known === text.toLowerCase());
  if (level !== undefined) return level;
  throw ipam.invalid('log_level', `must be one of ${logLevels.join(', ')}, but is ${quoteText(text)}`);
}

function readLimit(ipam: FieldReader, key: string, instead: { zero: number; negative: number }): number {
  const value = ipam.integer(key) ?? 0;
  if (value === 0) return instead.zero;
  return value < 0 ? instead.negative : value;
}
