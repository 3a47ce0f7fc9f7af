import { controllerLease } from '../../src/api/names.ts';
import { createKubeApi } from '../../src/kube/create-kube-api.ts';
import { LeaderElection } from '../../src/kube/leader-election.ts';
import { createLogger, type Logger } from '../../src/log/logger.ts';
import { ControllerMetrics } from '../../src/metrics/controller-metrics.ts';
import { type Activity, collectWhileIdle } from '../process/idle-collector.ts';
import { serveMetrics } from '../process/metrics-server.ts';
import { Webhooks } from './admission/webhooks.ts';
import { createWebhookCertificates } from './certificates/webhook-certificates.ts';
import { CollectionRequests } from './collection/collection-requests.ts';
import type { ControllerContext } from './controller-context.ts';
import type { ControllerOptions } from './controller-options.ts';
import { serveControllerHealth } from './health.ts';
import { Leadership } from './leadership.ts';

/** Of a controller without webhooks. */
const idle: Activity = { served: 0, underWay: 0 };

/** The webhooks with their certificate. */
interface WebhookService extends AsyncDisposable {
  /** Works until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  readonly activity: Activity;
}

/** A running controller. */
export interface Controller extends AsyncDisposable {
  readonly log: Logger;
  /** Settles when the controller can't go on: rejects with LeaseLostError when it led and does not any more. */
  readonly ended: Promise<void>;
}

/**
 * Starts a controller: webhooks on every replica, everything else on the one that holds the lease.
 *
 * @throws KubeconfigError when no cluster can be found, CertificateFileError when the given certificate can't be used
 */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const log = createLogger('spiderpool-controller', options.logLevel);
  for (const warning of options.warnings) log.warn({ warning }, 'configured, but without effect');
  await using stack = new AsyncDisposableStack();
  const { kubeconfig, metricsPort, namespace, podName } = options;
  const api = stack.use(createKubeApi({ ...(kubeconfig !== undefined && { kubeconfig }) }));
  const metrics = new ControllerMetrics({ debug: options.debugMetrics });
  const context: ControllerContext = { options, api, log, metrics };
  if (metricsPort !== undefined) stack.use(serveMetrics(metricsPort, metrics, log));
  const requests = new CollectionRequests({
    log,
    annotate: (key, value) => election.annotate(key, value),
  });
  const leadership = new Leadership(context, requests);
  const election = new LeaderElection({
    ...options.leader,
    api,
    log,
    namespace,
    name: controllerLease,
    identity: podName,
    onRenewed: (lease) => requests.renewed(lease),
  });
  const webhooks = createWebhooks(context);
  if (webhooks !== undefined) stack.use(webhooks);
  let isStarted = false;
  if (options.healthPort !== undefined) {
    stack.use(
      serveControllerHealth({
        port: options.healthPort,
        webhookPort: options.webhookPort,
        isStarted: () => isStarted,
        leader: () => election.leader,
        isLeader: () => election.isLeader,
        isLeaderSynced: () => leadership.isSynced,
        log,
      }),
    );
  }
  const ending = new AbortController();
  const { signal } = ending;
  const ended = election.run(signal, (leading) => leadership.lead(leading));
  const loops = [
    ended,
    ...(webhooks === undefined ? [] : [webhooks.run(signal)]),
    collectWhileIdle(() => webhooks?.activity ?? idle, signal),
  ];
  stack.defer(async () => {
    ending.abort();
    await Promise.allSettled(loops);
  });
  // Whoever started it waits for this; until then a loss must not end the process as an unhandled rejection.
  ended.catch(() => undefined);
  isStarted = true;
  log.info({ namespace, pod: podName }, 'serving');
  const owned = stack.move();
  return { log, ended, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What serves the webhooks on every replica; undefined when the options name no port for it. */
function createWebhooks(context: ControllerContext): WebhookService | undefined {
  const { api, log, options } = context;
  if (options.webhookPort === undefined) return undefined;
  const certificates = createWebhookCertificates(context);
  const webhooks = new Webhooks({ api, log, options, certificates, port: options.webhookPort });
  return {
    run: async (signal) => {
      await Promise.all([certificates.run(signal), webhooks.run(signal)]);
    },
    get activity() {
      return webhooks.activity;
    },
    [Symbol.asyncDispose]: () => webhooks[Symbol.asyncDispose](),
  };
}
