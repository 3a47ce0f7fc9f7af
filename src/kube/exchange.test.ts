import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { Connections } from './connections.ts';
import { Exchange } from './exchange.ts';

const never = new AbortController().signal;
const head = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';

let server: Server;
let connections: Connections;
/** What the peer does with a connection once a request has come. */
let answer: (socket: Socket) => void;

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined).on('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  connections = new Connections(4);
});
afterEach(async () => {
  await connections[Symbol.asyncDispose]();
  server.close();
});

async function start(exchange: Exchange, signal = never): Promise<{ readonly status: number }> {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return exchange.start(connections.with({}), { origin, method: 'GET', path: '/' }, signal);
}

test('Exchange.start() passes over what only announces an answer', async () => {
  answer = (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${head}0123456789`);
  const exchange = new Exchange();
  assert.equal((await start(exchange)).status, 200);
  assert.equal((await exchange.readAll(10)).toString(), '0123456789');
  assert.equal(await exchange.next(), undefined);
});

test('Exchange.next() gives what came before the connection was cut, and then fails', async () => {
  answer = (socket) => socket.end(`${head}01234`);
  const exchange = new Exchange();
  await start(exchange);
  assert.equal((await exchange.next())?.toString(), '01234');
  await assert.rejects(exchange.next(), { name: 'SocketError' });
  assert.equal(exchange.isSent, true);
});

test('Exchange.readAll() stops at its limit and closes the connection', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (socket) => {
    socket.on('close', () => closed.resolve());
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n0123456789');
  };
  const exchange = new Exchange();
  await start(exchange);
  await assert.rejects(exchange.readAll(9), { code: 'ANSWER_TOO_LARGE' });
  await closed.promise;
});

test('Exchange.next() holds the sender back while nobody reads, and loses nothing', async () => {
  const bytes = 32 * 1024 * 1024;
  let isDrained = false;
  answer = (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
    isDrained = socket.write(Buffer.alloc(bytes, 'x'), () => (isDrained = true));
  };
  const exchange = new Exchange();
  await start(exchange);
  // Another whole exchange goes by meanwhile.
  const first = answer;
  answer = (socket) => socket.write(`${head}0123456789`);
  const other = new Exchange();
  await start(other);
  await other.readAll(10);
  assert.equal(isDrained, false);
  answer = first;
  assert.equal((await exchange.readAll(bytes)).length, bytes);
});

test('Exchange.start() is not sent when it is given up before there is a connection', async () => {
  const stop = new AbortController();
  const exchange = new Exchange();
  const started = start(exchange, stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await assert.rejects(started, reason);
  let requests = 0;
  answer = (socket) => {
    requests += 1;
    socket.write(`${head}0123456789`);
  };
  const other = new Exchange();
  await start(other);
  await other.readAll(10);
  assert.equal(requests, 1);
  assert.equal(exchange.isSent, false);
});
