import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger, type SqliteLedger } from '../../../../src/ledger/sqlite/sqlite-ledger.ts';
import { createLogger } from '../../../../src/log/logger.ts';
import { SocketClient, type SocketResponse } from '../../../../test/support/socket-client.ts';
import { createEmbeddedParts } from '../../embedded-parts.ts';
import { listenOnSocket } from '../../http/listen.ts';
import { Router, type Routes } from '../../http/router.ts';
import { HttpServer } from '../../http/server.ts';
import type { LedgerSlot } from '../../ledger-slot.ts';
import { agentRoutes } from '../../routes.ts';

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
  const { context, slot, ...parts } = await createEmbeddedParts({
    stateFolder: folder,
    poolFolder,
    nodeName: 'worker-1',
    enabledFamilies: { 4: true, 6: true },
    // Refusals are expected here.
    log: createLogger('test', 'fatal'),
  });
  slot.open(ledger);
  await parts.poolFolder.load(ledger);
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

/** A manifest of a SpiderIPPool. */
export function poolManifest(name: string, spec: object): object {
  return { apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderIPPool', metadata: { name }, spec };
}
