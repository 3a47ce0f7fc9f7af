import { createServer, type RequestListener } from 'node:http';
import type { Logger } from '../../src/log/logger.ts';

/** Scrapers and probes open one connection each; more than this is neither. */
const connectionsMax = 64;

/** A port that is taken is tried again this often. */
const retryMs = 5_000;

const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;

export interface ServedPortOptions {
  /** What is served, in words: `metrics`. */
  readonly what: string;
  /** TCP port, on all interfaces. */
  readonly port: number;
  readonly listener: RequestListener;
  readonly log: Logger;
}

/** A TCP port beside the socket. */
export interface ServedPort extends AsyncDisposable {
  /** Why it is not served now; undefined while it is. */
  readonly problem: string | undefined;
}

/**
 * Serves a TCP port. One that is taken is logged, tried again, and not fatal: pods matter more than who looks at them.
 */
export function servePort({ what, port, listener, log }: ServedPortOptions): ServedPort {
  let problem: string | undefined;
  let retry: NodeJS.Timeout | undefined;
  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
    listener,
  );
  server.maxConnections = connectionsMax;
  const listen = (): void => void server.listen(port);
  server.on('error', (error) => {
    const text = `${what} is not served on port ${port}: ${error.message}`;
    // It is tried again and again, and told once.
    if (problem === undefined) log.error({ err: error, port, what }, 'port is not served');
    problem = text;
    retry = setTimeout(listen, retryMs).unref();
  });
  server.on('listening', () => {
    problem = undefined;
    log.info({ port, what }, 'serving port');
  });
  listen();
  return {
    get problem() {
      return problem;
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(retry);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
