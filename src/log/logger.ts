import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type { Logger } from 'pino';

/** Levels in the words of the original (`SPIDERPOOL_LOG_LEVEL`). */
export const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/**
 * The process's logger: one JSON line an event on stdout, written before the call returns so that a crash loses
 * none. Messages are constant; what varies is in fields.
 */
export function createLogger(name: string, level: LogLevel): Logger {
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: 1, sync: true }),
  );
}
