import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerError } from '../../src/ledger/errors.ts';
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { lockStateFolder } from '../../src/ledger/state-lock.ts';
import { createLogger, type Logger } from '../../src/log/logger.ts';
import type { AgentOptions } from './agent-options.ts';
import type { HandlerContext } from './handlers/context.ts';
import { listenOnSocket } from './http/listen.ts';
import { Router } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import { collectWhileIdle } from './idle-collector.ts';
import { unusable } from './ledger-slot.ts';
import { serveMetrics } from './metrics-server.ts';
import { createNodeParts, type NodeParts } from './node-parts.ts';
import { agentRoutes } from './routes.ts';
import { prepareStateFolder } from './state-folder.ts';

/** Requests under way get this long to finish at the end; with the rest of it the agent ends within 2 s. */
const graceMs = 1_500;

/** How often waiting tombstones are tried again, and a ledger that could not be opened. */
const retryMs = 2_000;

/** A running agent. Disposing ends it: requests under way finish, the socket goes, the ledger is closed. */
export interface Agent extends AsyncDisposable {
  readonly log: Logger;
}

/**
 * Starts the agent of a host without a cluster. It serves its socket when this resolves; when the ledger can't be
 * used it serves all the same, and says so.
 *
 * @param signal cuts short what the start has to catch up with; the agent then only has to be disposed of
 * @throws StateFolderInUseError or SocketError when another agent runs here
 */
export async function startAgent(options: AgentOptions, signal?: AbortSignal): Promise<Agent> {
  const log = createLogger('spiderpool-agent', options.logLevel);
  for (const warning of options.warnings) log.warn({ warning }, 'configured, but without effect');
  await using stack = new AsyncDisposableStack();
  await prepareStateFolder(options.stateFolder);
  stack.use(lockStateFolder(options.stateFolder));

  const node = stack.use(new NodeServices(await createNodeParts({ ...options, log }), options.stateFolder));
  await node.bringUp(signal);

  const server = new HttpServer(new Router(agentRoutes(node.context)), log);
  if (options.metricsPort !== undefined)
    stack.use(serveMetrics(options.metricsPort, node.context.metrics, log));
  stack.use(await listenOnSocket(server.server, options.socketPath));
  stack.defer(() => server.close(graceMs));

  const ending = new AbortController();
  const collecting = collectWhileIdle(() => server.served, ending.signal);
  const loops = Promise.all([node.run(ending.signal), collecting]);
  stack.defer(async () => {
    ending.abort();
    await loops;
  });
  log.info(
    { socket: options.socketPath, node: options.nodeName, ledger: node.context.ledger.problem ?? 'ready' },
    'serving',
  );
  const owned = stack.move();
  return { log, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The parts of an agent as they come up, run and end. */
class NodeServices implements AsyncDisposable {
  readonly #parts: NodeParts;
  readonly #stateFolder: string;
  /** Open, and not yet or already in the slot. */
  #opened: SqliteLedger | undefined;

  constructor(parts: NodeParts, stateFolder: string) {
    this.#parts = parts;
    this.#stateFolder = stateFolder;
  }

  get context(): HandlerContext {
    return this.#parts.context;
  }

  /**
   * Opens the ledger, reads the pools and plays back the tombstones; only then requests are served from it. Never rejects;
   * does not go on when the signal is aborted.
   */
  async bringUp(signal?: AbortSignal): Promise<void> {
    const { cluster, context, poolFolder, slot, tombstones } = this.#parts;
    try {
      this.#opened ??= await openSqliteLedger({ path: join(this.#stateFolder, 'ledger.db') });
      await poolFolder.load(this.#opened, signal);
      const waiting = await tombstones.replay(this.#opened, signal);
      if (waiting > 0) throw new LedgerError('LEDGER_IO', `${waiting} earlier DELs could not be done yet`);
      // Reads the state of each pool now: the first ADD need not wait for it.
      await this.#opened.usage(cluster.catalog().pools.map(({ range }) => range));
      slot.open(this.#opened);
    } catch (error) {
      const why = unusable(error);
      // It is tried again every two seconds, and told once.
      if (slot.problem !== why) context.log.error({ err: error }, 'ledger can not be used');
      slot.close(why);
      slot.noteFailure(error);
    }
  }

  /** Everything that goes on beside requests, until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { poolFolder, sweep } = this.#parts;
    await Promise.all([poolFolder.follow(signal), sweep.run(signal), this.#retry(signal)]);
  }

  async #retry(signal: AbortSignal): Promise<void> {
    const { slot } = this.#parts;
    while (!signal.aborted) {
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || slot.isDamaged) continue;
      if (slot.problem === undefined) await this.#replay(slot.ledger, signal);
      else await this.bringUp(signal);
    }
  }

  async #replay(ledger: SqliteLedger, signal: AbortSignal): Promise<void> {
    const { context, tombstones } = this.#parts;
    await tombstones
      .replay(ledger, signal)
      .catch((error: unknown) => context.log.error({ err: error }, 'tombstones could not be read'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.slot.close('the agent is shutting down');
    await this.#opened?.[Symbol.asyncDispose]();
  }
}
