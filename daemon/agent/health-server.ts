import type { Logger } from '../../src/log/logger.ts';
import { askLoopback } from '../process/ask-loopback.ts';
import { serveHealthPort } from '../process/health-server.ts';
import type { ServedPort } from '../process/served-port.ts';

export interface HealthOptions {
  /** TCP port, on all interfaces. */
  readonly port: number;
  /** The agent's own socket. */
  readonly socketPath: string;
  /** Why the agent can't serve ADDs yet; undefined when it can. */
  readonly notReady: () => string | undefined;
  readonly log: Logger;
}

/**
 * Serves the agent's health. All probes ask the agent's own socket; readiness also asks that the records are loaded. Startup and liveness
 * do not: an API server that is away is no reason to start the agent again.
 */
export function serveHealth({ port, socketPath, notReady, log }: HealthOptions): ServedPort {
  const ask = async (): Promise<string | undefined> =>
    askLoopback("the agent's socket", { socketPath, path: '/v1/ipam/healthy' });
  return serveHealthPort({
    port,
    log,
    startup: ask,
    liveness: ask,
    readiness: async () => notReady() ?? (await ask()),
  });
}
