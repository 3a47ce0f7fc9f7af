import { createServer } from 'node:http';
import type { Logger } from '../../src/log/logger.ts';
import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';

/** Scrapers open one connection each; more than this is not monitoring. */
const connectionsMax = 64;

/**
 * Serves the metrics on a TCP port, under any path, as the original does. A port that is taken is logged and not fatal:
 * pods matter more than their metrics.
 */
export function serveMetrics(port: number, { registry }: AgentMetrics, log: Logger): AsyncDisposable {
  const server = createServer((_, response) => {
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'metrics could not be collected');
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = connectionsMax;
  server.on('error', (error) => log.error({ err: error, port }, 'metrics are not served'));
  server.listen(port, () => log.info({ port }, 'serving metrics'));
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
