import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { until } from '../../test/integration/harness/until.ts';
import { freePort } from '../../test/support/free-port.ts';
import { serveHealth } from './health-server.ts';
import { testLog } from './testing/test-node.ts';

/** A socket that answers as an agent's does, or does not answer at all. */
async function listen(socketPath: string, answers = true): Promise<Server> {
  const server = createServer((_, response) => {
    if (answers) response.end();
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return server;
}

async function look(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

test('serveHealth() answers 200 when the socket does, and readiness only when the records are loaded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'health-'));
  const socketPath = join(folder, 'agent.sock');
  const port = await freePort();
  let notReady: string | undefined = 'the records are not loaded';
  await using health = serveHealth({ port, socketPath, notReady: () => notReady, log: testLog });
  await until('the port is served', async () => (await look(port, '/v1/runtime/startup')).status === 500);
  assert.equal(health.problem, undefined);
  assert.match(
    (await look(port, '/v1/runtime/liveness')).text,
    /^"the agent's socket does not answer: .*ENOENT/,
  );

  const server = await listen(socketPath);
  for (const path of ['startup', 'liveness']) {
    assert.deepEqual(await look(port, `/v1/runtime/${path}`), { status: 200, text: '' });
  }
  assert.deepEqual(await look(port, '/v1/runtime/readiness'), {
    status: 500,
    text: '"the records are not loaded"',
  });
  notReady = undefined;
  assert.equal((await look(port, '/v1/runtime/readiness')).status, 200);
  for (const path of ['/v1/ipam/healthy', '/', '//', '/v1/runtime/other']) {
    assert.equal((await look(port, path)).status, 501, path);
  }
  server.close();
  server.closeAllConnections();

  const silent = await listen(socketPath, false);
  assert.match((await look(port, '/v1/runtime/liveness')).text, /no answer in time/);
  silent.closeAllConnections();
  silent.close();
  rmSync(folder, { recursive: true });
});

test('serveHealth() tries a port again that another program has, and tells of it meanwhile', async (t) => {
  const other = createServer();
  other.listen(0);
  await once(other, 'listening');
  const address = other.address();
  assert.ok(typeof address === 'object' && address !== null);
  const { port } = address;
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await using health = serveHealth({ port, socketPath: '/nowhere', notReady: () => undefined, log: testLog });
  await untilTrue(() => health.problem !== undefined);
  assert.match(health.problem ?? '', new RegExp(`health is not served on port ${port}: .*EADDRINUSE`));
  await new Promise((resolve) => other.close(resolve));
  t.mock.timers.tick(5_000);
  await untilTrue(() => health.problem === undefined);
});

/** As `until`, without timers. */
async function untilTrue(probe: () => boolean): Promise<void> {
  while (!probe()) await new Promise((resolve) => setImmediate(resolve));
}
