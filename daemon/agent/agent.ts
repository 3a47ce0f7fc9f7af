import { lockStateFolder } from '../../src/ledger/state-lock.ts';
import { createLogger, type Logger } from '../../src/log/logger.ts';
import { collectWhileIdle } from '../process/idle-collector.ts';
import { serveMetrics } from '../process/metrics-server.ts';
import type { ServedPort } from '../process/served-port.ts';
import type { AgentOptions } from './agent-options.ts';
import { EmbeddedNode } from './embedded-node.ts';
import { createEmbeddedParts } from './embedded-parts.ts';
import { serveHealth } from './health-server.ts';
import { listenOnSocket } from './http/listen.ts';
import { Router } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import type { NodeServices } from './node-services.ts';
import { agentRoutes } from './routes.ts';
import { prepareStateFolder } from './state-folder.ts';

/** Requests under way get this long to finish at the end; with the rest of it the agent ends within 2 s. */
const graceMs = 1_500;

/** A running agent. Disposing ends it: requests under way finish, the socket goes, the ledger is closed. */
export interface Agent extends AsyncDisposable {
  readonly log: Logger;
}

/**
 * Starts the agent of a node. It serves its socket when this resolves; while the ledger can't be used it serves all the same, and
 * says so.
 *
 * @param signal cuts short what the start has to catch up with; the agent then only has to be disposed of
 * @throws StateFolderInUseError or SocketError when another agent runs here
 */
export async function startAgent(options: AgentOptions, signal?: AbortSignal): Promise<Agent> {
  const log = createLogger('spiderpool-agent', options.logLevel);
  for (const warning of options.warnings) log.warn({ warning }, 'configured, but without effect');
  for (const note of options.notes) log.info({ note }, 'configured, but without effect');
  await using stack = new AsyncDisposableStack();
  await prepareStateFolder(options.stateFolder);
  stack.use(lockStateFolder(options.stateFolder));

  const ports: ServedPort[] = [];
  const node = stack.use(await createNode(options, log, () => ports.flatMap(({ problem }) => problem ?? [])));
  await node.bringUp(signal);

  const { socketPath } = options;
  const server = new HttpServer(new Router(agentRoutes(node.context)), log);
  stack.use(await listenOnSocket(server.server, socketPath));
  stack.defer(() => server.close(graceMs));
  ports.push(...servePorts(options, node, log).map((port) => stack.use(port)));

  const ending = new AbortController();
  const collecting = collectWhileIdle(() => server.activity, ending.signal);
  const loops = Promise.all([node.run(ending.signal), collecting]);
  stack.defer(async () => {
    ending.abort();
    await loops;
  });
  log.info(
    { socket: socketPath, node: options.nodeName, ledger: node.context.ledger.problem ?? 'ready' },
    'serving',
  );
  const owned = stack.move();
  return { log, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The services of the store that was chosen. What only a cluster needs is loaded only there: it would cost each host memory. */
async function createNode(
  options: AgentOptions,
  log: Logger,
  portProblems: () => readonly string[],
): Promise<NodeServices> {
  const { store, stateFolder } = options;
  if (store.kind === 'embedded') {
    const { poolFolder } = store;
    return new EmbeddedNode(await createEmbeddedParts({ ...options, poolFolder, log }), stateFolder);
  }
  const { createKubernetesNode } = await import('./kubernetes/create-kubernetes-node.ts');
  return createKubernetesNode({ options, store, log, portProblems });
}

function servePorts(
  { metricsPort, socketPath, store }: AgentOptions,
  { context }: NodeServices,
  log: Logger,
): ServedPort[] {
  const ports: ServedPort[] = [];
  if (metricsPort !== undefined) ports.push(serveMetrics(metricsPort, context.metrics, log));
  const port = store.kind === 'kubernetes' ? store.healthPort : undefined;
  const notReady = (): string | undefined => context.ledger.problem;
  if (port !== undefined) ports.push(serveHealth({ port, socketPath, notReady, log }));
  return ports;
}
