import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedCluster } from '../../src/cluster/embedded-cluster.ts';
import { tombstoneFolder } from '../../src/cni/tombstone.ts';
import { LedgerError } from '../../src/ledger/errors.ts';
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/sqlite-ledger.ts';
import { lockStateFolder } from '../../src/ledger/state-lock.ts';
import { createLogger, type Logger } from '../../src/log/logger.ts';
import { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { AgentOptions } from './agent-options.ts';
import { Attachments } from './attachments.ts';
import type { HandlerContext } from './handlers/context.ts';
import { listenOnSocket } from './http/listen.ts';
import { Router } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { LedgerSlot, unusable } from './ledger-slot.ts';
import { serveMetrics } from './metrics-server.ts';
import { readBootId } from './netns.ts';
import { PoolFolder } from './pool-folder.ts';
import { agentRoutes } from './routes.ts';
import { Sweep } from './sweep.ts';
import { TombstoneFiles } from './tombstone-files.ts';
import { Tombstones } from './tombstones.ts';

/** Requests under way get this long to finish at the end; with the rest of it the agent ends within 2 s. */
const graceMs = 1_500;

/** How often waiting tombstones are tried again, and a ledger that could not be opened. */
const retryMs = 2_000;

const stateFolderMode = 0o700;

/** A running agent. Disposing ends it: requests under way finish, the socket goes, the ledger is closed. */
export interface Agent extends AsyncDisposable {
  readonly log: Logger;
}

/**
 * Starts the agent of a host without a cluster. It serves its socket when this resolves; when the ledger can't be
 * used it serves all the same, and says so.
 *
 * @throws StateFolderInUseError or SocketError when another agent runs here
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const log = createLogger('spiderpool-agent', options.logLevel);
  for (const warning of options.warnings) log.warn({ warning }, 'configured, but without effect');
  await using stack = new AsyncDisposableStack();
  await mkdir(options.stateFolder, { recursive: true, mode: stateFolderMode });
  stack.use(lockStateFolder(options.stateFolder));

  const node = await NodeServices.create(options, log);
  stack.use(node);
  await node.bringUp();

  const server = new HttpServer(new Router(agentRoutes(node.context)), log);
  if (options.metricsPort !== undefined)
    stack.use(serveMetrics(options.metricsPort, node.context.metrics, log));
  stack.use(await listenOnSocket(server.server, options.socketPath));
  stack.defer(() => server.close(graceMs));

  const ending = new AbortController();
  const loops = node.run(ending.signal);
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

/** The parts of an agent that work together, and how they come up. */
class NodeServices implements AsyncDisposable {
  readonly context: HandlerContext;
  readonly #options: AgentOptions;
  readonly #log: Logger;
  readonly #slot: LedgerSlot<SqliteLedger>;
  readonly #folder: PoolFolder;
  readonly #tombstones: Tombstones;
  readonly #sweep: Sweep;
  /** Open, and not yet or already in the slot. */
  #opened: SqliteLedger | undefined;

  static async create(options: AgentOptions, log: Logger): Promise<NodeServices> {
    const files = new TombstoneFiles(join(options.stateFolder, tombstoneFolder));
    await files.prepare();
    return new NodeServices(options, log, files);
  }

  private constructor(options: AgentOptions, log: Logger, files: TombstoneFiles) {
    const metrics = new AgentMetrics();
    const mutex = new KeyedMutex();
    const cluster = new EmbeddedCluster(options.nodeName);
    const ledger = new LedgerSlot<SqliteLedger>();
    const bootId = readBootId();
    const tombstones = new Tombstones({ files, mutex, metrics, log });
    const { enabledFamilies } = options;
    const attachments = new Attachments({
      cluster,
      ledger,
      enabledFamilies,
      tombstones,
      mutex,
      metrics,
      log,
    });
    this.#options = options;
    this.#log = log;
    this.#slot = ledger;
    this.#tombstones = tombstones;
    this.#folder = new PoolFolder({ folder: options.poolFolder, cluster, log });
    this.#sweep = new Sweep({ cluster, ledger, mutex, bootId, metrics, log });
    const problems = (): readonly string[] => this.#folder.problems;
    this.context = { attachments, cluster, ledger, sweep: this.#sweep, metrics, log, bootId, problems };
  }

  /** Opens the ledger, reads the pools and plays back the tombstones; only then requests are served from it. Never rejects. */
  async bringUp(): Promise<void> {
    try {
      this.#opened ??= await openSqliteLedger({ path: join(this.#options.stateFolder, 'ledger.db') });
      await this.#folder.load(this.#opened);
      const waiting = await this.#tombstones.replay(this.#opened);
      if (waiting > 0) throw new LedgerError('LEDGER_IO', `${waiting} earlier DELs could not be done yet`);
      this.#slot.open(this.#opened);
    } catch (error) {
      this.#slot.close(unusable(error));
      this.#slot.noteFailure(error);
      this.#log.error({ err: error }, 'ledger can not be used');
    }
  }

  /** Everything that goes on beside requests, until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#folder.follow(signal), this.#sweep.run(signal), this.#retry(signal)]);
  }

  async #retry(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted || this.#slot.isDamaged) continue;
      if (this.#slot.problem === undefined) await this.#replay(this.#slot.ledger);
      else await this.bringUp();
    }
  }

  async #replay(ledger: SqliteLedger): Promise<void> {
    await this.#tombstones
      .replay(ledger)
      .catch((error: unknown) => this.#log.error({ err: error }, 'tombstones could not be read'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#slot.close('the agent is shutting down');
    await this.#opened?.[Symbol.asyncDispose]();
  }
}
