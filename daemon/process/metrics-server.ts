import type { Registry } from 'prom-client';
import type { Logger } from '../../src/log/logger.ts';
import { type ServedPort, servePort } from './served-port.ts';

/** Serves the metrics on a TCP port, under any path, as the original does. */
export function serveMetrics(
  port: number,
  { registry }: { readonly registry: Registry },
  log: Logger,
): ServedPort {
  return servePort({
    what: 'metrics',
    port,
    log,
    listener: (_, response) => {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (error: unknown) => {
          log.error({ err: error }, 'metrics could not be collected');
          response.writeHead(500).end();
        },
      );
    },
  });
}
