import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { listenOnSocket, SocketError } from './listen.ts';

interface Place extends Disposable {
  readonly socket: string;
}

function place(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'listen-'));
  return {
    socket: join(folder, 'run', 'agent.sock'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}

test('listenOnSocket() makes the folder and a socket that only its owner may open, and removes it at the end', async () => {
  using at = place();
  const server = createServer();
  {
    await using socket = await listenOnSocket(server, at.socket);
    const found = statSync(socket.path);
    assert.equal(found.isSocket(), true);
    assert.equal(found.mode & 0o777, 0o600);
  }
  assert.equal(existsSync(at.socket), false);
  await close(server);
});

test('listenOnSocket() replaces a socket that nobody listens on any more', async () => {
  using at = place();
  const first = createServer();
  const abandoned = await listenOnSocket(first, at.socket);
  // Closing the server leaves the renamed file behind, as a killed process does.
  await close(first);
  assert.equal(existsSync(abandoned.path), true);
  const second = createServer();
  {
    await using socket = await listenOnSocket(second, at.socket);
    assert.equal(statSync(socket.path).isSocket(), true);
  }
  await close(second);
});

test('listenOnSocket() refuses a socket that somebody listens on, and leaves it alone', async () => {
  using at = place();
  const first = createServer();
  await using living = await listenOnSocket(first, at.socket);
  await assert.rejects(listenOnSocket(createServer(), at.socket), (error: unknown) => {
    assert.ok(error instanceof SocketError);
    assert.equal(error.code, 'SOCKET_IN_USE');
    assert.match(error.message, /--socket/);
    return true;
  });
  assert.equal(existsSync(living.path), true);
  await close(first);
});

test('listenOnSocket() refuses a path that is something else, and leaves it alone', async () => {
  using at = place();
  const path = join(at.socket, '..', '..', 'file');
  writeFileSync(path, 'precious');
  await assert.rejects(listenOnSocket(createServer(), path), { code: 'SOCKET_NOT_A_SOCKET' });
  assert.equal(statSync(path).isFile(), true);
});

test('ListeningSocket leaves the socket of a successor alone', async () => {
  using at = place();
  const first = createServer();
  const old = await listenOnSocket(first, at.socket);
  rmSync(at.socket);
  const successor = createSocketServer();
  await new Promise<void>((resolve) => successor.listen(at.socket, resolve));
  await close(first);
  await old[Symbol.asyncDispose]();
  assert.equal(existsSync(at.socket), true);
  await new Promise((resolve) => successor.close(resolve));
});
