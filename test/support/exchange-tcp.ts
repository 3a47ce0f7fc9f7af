import { createInterface } from 'node:readline';
import type { NetworkNamespace } from './network-namespace.ts';

/** What two pods said to each other. */
export interface TcpExchange {
  /** What the client sent, as the server read it. */
  readonly received: string;
  /** What the server answered, as the client read it. */
  readonly answered: string;
  /** The client's address as the server saw it: proves that no address translation stands between. */
  readonly clientAddress: string;
}

/** Prints its port, serves one connection, prints what it got, ends. */
const server = `
const [address, answer] = process.argv.slice(1);
const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => { received += text; }).on('end', () => {
    console.log(JSON.stringify({ received, clientAddress: socket.remoteAddress }));
    socket.end(answer);
    server.close();
  });
});
server.listen(0, address, () => console.log(server.address().port));`;

const client = `
const [address, port, text] = process.argv.slice(1);
const socket = require('node:net').connect({ host: address, port: Number(port), allowHalfOpen: true });
socket.setEncoding('utf8').on('data', (answer) => process.stdout.write(answer));
socket.on('error', (error) => { console.error(error.message); process.exitCode = 1; });
socket.end(text);`;

export interface ExchangeTcpOptions {
  /** What the client sends. @default 'hello' */
  readonly request?: string;
  /** What the server answers. @default 'welcome' */
  readonly answer?: string;
  /** Limit of the whole exchange, milliseconds. @default 20_000 */
  readonly timeoutMs?: number;
}

/**
 * A real TCP connection from a process in `from` to one in `to`.
 * @param address of `to`, on which its server listens
 * @throws Error when they can't reach each other in time
 */
export async function exchangeTcp(
  from: NetworkNamespace,
  to: NetworkNamespace,
  address: string,
  options: ExchangeTcpOptions = {},
): Promise<TcpExchange> {
  const { request = 'hello', answer = 'welcome', timeoutMs = 20_000 } = options;
  const listener = to.spawn(process.execPath, ['-e', server, '--', address, answer], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (listener.stdout === null) throw new Error('the server has no stdout');
  const lines = createInterface({ input: listener.stdout })[Symbol.asyncIterator]();
  async function nextLine(): Promise<string> {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the server on ${address} ended, or was too slow`);
    return line.value;
  }
  const timer = setTimeout(() => listener.kill('SIGKILL'), timeoutMs);
  try {
    const port = await nextLine();
    const reply = await from.run(process.execPath, ['-e', client, '--', address, port, request], {
      timeoutMs,
    });
    if (reply.exitCode !== 0) throw new Error(`no connection to ${address}: ${reply.stderr.trim()}`);
    const seen = JSON.parse(await nextLine()) as { received: string; clientAddress: string };
    return { ...seen, answered: reply.stdout };
  } finally {
    clearTimeout(timer);
    listener.kill('SIGKILL');
  }
}
