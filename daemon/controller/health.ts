import { request as httpsRequest } from 'node:https';
import type { Logger } from '../../src/log/logger.ts';
import { askLoopback } from '../process/ask-loopback.ts';
import { serveHealthPort } from '../process/health-server.ts';
import type { ServedPort } from '../process/served-port.ts';

/** What the original declares on this port and answers 501 too. */
const declaredByOriginal: Readonly<Record<string, string>> = {
  '/v1/ipam/ip': 'an agent gives addresses, and "spiderpoolctl release" takes one back',
  '/v1/ipam/gc_ips': 'run "spiderpoolctl gc"',
  '/v1/ipam/status': 'run "spiderpoolctl pools"',
};

export interface ControllerHealthOptions {
  /** TCP port, on all interfaces. */
  readonly port: number;
  /** Where this controller's webhooks are served; undefined when they are not. */
  readonly webhookPort: number | undefined;
  /** Whether everything was started. */
  readonly isStarted: () => boolean;
  /** Who leads as far as is known; empty when nobody does. */
  readonly leader: () => string;
  /** Whether this controller leads. */
  readonly isLeader: () => boolean;
  /** Whether this controller, when it leads, has read everything that it works with. */
  readonly isLeaderSynced: () => boolean;
  readonly log: Logger;
}

/**
 * Serves the controller's health. It is alive when its webhooks answer, asked over TLS as the API server asks them, and ready when besides
 * a leader is known that has read the cluster. An API server that is away makes no controller unready that was ready before: the leader
 * stays known.
 */
export function serveControllerHealth(options: ControllerHealthOptions): ServedPort {
  const { port, log, webhookPort } = options;
  const liveness = async (): Promise<string | undefined> =>
    webhookPort === undefined ? undefined : askWebhooks(webhookPort);
  return serveHealthPort({
    port,
    log,
    notServed: declaredByOriginal,
    startup: async () => (options.isStarted() ? undefined : 'the controller is starting'),
    liveness,
    readiness: async () => leadership(options) ?? (await liveness()),
  });
}

function leadership({ leader, isLeader, isLeaderSynced }: ControllerHealthOptions): string | undefined {
  if (leader() === '') return 'no controller leads, as far as is known here';
  return isLeader() && !isLeaderSynced() ? 'the leader has not read the cluster yet' : undefined;
}

async function askWebhooks(port: number): Promise<string | undefined> {
  const target = { host: '127.0.0.1', port, path: '/webhook-health-check' };
  // Who answers is known by the port; the certificate may be signed by an authority that only the API server trusts.
  return askLoopback('the webhook port', { ...target, rejectUnauthorized: false }, httpsRequest);
}
