import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../src/log/logger.ts';
import { type ServedPort, servePort } from './served-port.ts';

/** @returns what is wrong, in words; undefined when nothing is. Must not reject. */
export type HealthProbe = () => Promise<string | undefined>;

export interface HealthServerOptions {
  /** TCP port, on all interfaces. */
  readonly port: number;
  readonly startup: HealthProbe;
  readonly readiness: HealthProbe;
  readonly liveness: HealthProbe;
  /** Paths that the original serves here and this project does not, with what to do instead. @default none */
  readonly notServed?: Readonly<Record<string, string>>;
  readonly log: Logger;
}

/**
 * Serves `/v1/runtime/{startup,readiness,liveness}` for the kubelet's probes, as the original does: 200, or 500 with the reason as a JSON
 * string. Every other path is answered 501.
 */
export function serveHealthPort(options: HealthServerOptions): ServedPort {
  const { port, log, notServed = {} } = options;
  const probes: Readonly<Record<string, HealthProbe>> = {
    '/v1/runtime/startup': options.startup,
    '/v1/runtime/readiness': options.readiness,
    '/v1/runtime/liveness': options.liveness,
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
    if (probe === undefined) {
      const hint = Object.hasOwn(notServed, path) ? `: ${notServed[path]}` : '';
      return answer(response, 501, `${path} is not served on this port${hint}`);
    }
    void probe().then((problem) =>
      problem === undefined ? answer(response, 200) : answer(response, 500, problem),
    );
  };
  return servePort({ what: 'health', port, listener, log });
}

function answer(response: ServerResponse, status: number, text?: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(text === undefined ? undefined : JSON.stringify(text));
}
