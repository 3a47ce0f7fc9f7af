import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Logger } from '../../src/log/logger.ts';

/** Scrapers and probes open one connection each; more than this is neither. */
const connectionsMax = 64;

/** A port that is taken is tried again this often. */
const retryMs = 5_000;

const headersTimeoutMs = 5_000;
const requestTimeoutMs = 10_000;

/** Where something is served. */
export interface PortOptions {
  /** What is served, in words: `metrics`. */
  readonly what: string;
  /** TCP port, on all interfaces. */
  readonly port: number;
  readonly log: Logger;
}

export interface ServedPortOptions extends PortOptions {
  readonly listener: RequestListener;
}

/** A TCP port beside the socket. */
export interface ServedPort extends AsyncDisposable {
  /** Why it is not served now; undefined while it is. */
  readonly problem: string | undefined;
}

/**
 * Serves a TCP port. One that is taken is logged, tried again, and not fatal: pods matter more than who looks at them.
 */
export function servePort({ listener, ...options }: ServedPortOptions): ServedPort {
  const server = createServer(
    { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
    listener,
  );
  server.maxConnections = connectionsMax;
  return keepListening(server, options);
}

/** Lets a server listen on a TCP port, as {@link servePort}. */
export function keepListening(server: Server | HttpsServer, { what, port, log }: PortOptions): ServedPort {
  let problem: string | undefined;
  let retry: NodeJS.Timeout | undefined;
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
