import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedCluster } from '../../../../src/cluster/embedded-cluster.ts';
import { openSqliteLedger, type SqliteLedger } from '../../../../src/ledger/sqlite/sqlite-ledger.ts';
import { createLogger } from '../../../../src/log/logger.ts';
import { AgentMetrics } from '../../../../src/metrics/agent-metrics.ts';
import { SocketClient, type SocketResponse } from '../../../../test/support/socket-client.ts';
import { Attachments } from '../../attachments.ts';
import { listenOnSocket } from '../../http/listen.ts';
import { Router, type Routes } from '../../http/router.ts';
import { HttpServer } from '../../http/server.ts';
import { KeyedMutex } from '../../keyed-mutex.ts';
import { LedgerSlot } from '../../ledger-slot.ts';
import { PoolFolder } from '../../pool-folder.ts';
import { agentRoutes } from '../../routes.ts';
import { Sweep } from '../../sweep.ts';
import { TombstoneFiles } from '../../tombstone-files.ts';
import { Tombstones } from '../../tombstones.ts';
import type { HandlerContext } from '../context.ts';

/** The agent's routes on a socket in a folder of their own, over a real ledger, without the agent's loops. */
export interface ServedRoutes extends AsyncDisposable {
  readonly routes: Routes;
  /** Undo with `open`: the ledger serves no more, for this reason. */
  readonly slot: LedgerSlot<SqliteLedger>;
  readonly ledger: SqliteLedger;
  /** One request; with `accept` for another type than JSON. */
  readonly request: (
    method: string,
    path: string,
    body?: unknown,
    accept?: string,
  ) => Promise<SocketResponse>;
}

/** Serves the routes. @param pools manifests, one file each; a text is written as it is */
export async function serveRoutes(pools: readonly (object | string)[]): Promise<ServedRoutes> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'agent-routes-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const poolFolder = join(folder, 'pools');
  await mkdir(poolFolder);
  for (const [index, pool] of pools.entries()) {
    const manifest = typeof pool === 'string' ? pool : JSON.stringify(pool);
    await writeFile(join(poolFolder, `${index}.yaml`), manifest);
  }
  const ledger = stack.use(await openSqliteLedger({ path: join(folder, 'ledger.db') }));
  const slot = new LedgerSlot<SqliteLedger>();
  slot.open(ledger);
  const context = await handlerContext(folder, poolFolder, slot);
  const routes = agentRoutes(context);
  const server = new HttpServer(new Router(routes), context.log);
  const { path: socketPath } = stack.use(await listenOnSocket(server.server, join(folder, 'agent.sock')));
  stack.defer(() => server.close(1_000));
  const client = stack.use(new SocketClient(socketPath));
  const owned = stack.move();
  return {
    routes,
    slot,
    ledger,
    request: (method, path, body, accept = 'application/json') =>
      client.request(method, path, body, { headers: { accept } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function handlerContext(
  folder: string,
  poolFolder: string,
  ledger: LedgerSlot<SqliteLedger>,
): Promise<HandlerContext> {
  // Refusals are expected here.
  const log = createLogger('test', 'fatal');
  const metrics = new AgentMetrics();
  const mutex = new KeyedMutex();
  const cluster = new EmbeddedCluster('worker-1');
  const files = new TombstoneFiles(join(folder, 'tombstones'));
  await files.prepare();
  const tombstones = new Tombstones({ files, mutex, metrics, log });
  const enabledFamilies = { 4: true, 6: true };
  const attachments = new Attachments({ cluster, ledger, enabledFamilies, tombstones, mutex, log });
  const sweep = new Sweep({ cluster, ledger, mutex, bootId: undefined, metrics, log });
  const manifests = new PoolFolder({ folder: poolFolder, cluster, log });
  await manifests.load(ledger.ledger);
  const problems = (): readonly string[] => manifests.problems;
  return { attachments, cluster, ledger, sweep, metrics, log, bootId: undefined, problems };
}

/** A manifest of a SpiderIPPool. */
export function poolManifest(name: string, spec: object): object {
  return { apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderIPPool', metadata: { name }, spec };
}
