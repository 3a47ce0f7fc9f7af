// Sends one kind of request over keep-alive connections, so many at a time, and times each. HTTP is spoken by hand: node:http as
// a client takes more of the processor than the agent does.

import { connect, type Socket } from 'node:net';
import { serveWorker } from './run-worker.ts';
import type { LoadInput, LoadOutput, LoadPhase } from './worker-contracts.ts';

const headersEnd = '\r\n\r\n';

/** One connection with one request at a time. */
class Connection {
  readonly #socket: Socket;
  #received = '';
  #settle: ((body: string) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('close', () => this.#fail?.(new Error('the server closed a connection')));
    socket.on('error', (error) => this.#fail?.(error));
  }

  static async open(path: string): Promise<Connection> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Connection(socket);
  }

  /** @returns the body of the answer @throws Error when it is not 200 */
  send(request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf(headersEnd);
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const bytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
    const body = this.#received.slice(end + headersEnd.length);
    if (body.length < bytes) return;
    this.#received = '';
    if (head.startsWith('HTTP/1.1 200 ')) this.#settle?.(body);
    else this.#fail?.(new Error(`${head.split('\r\n', 1)[0]}: ${body}`));
  }
}

function composeRequest(phase: LoadPhase, config: string, number: number): string {
  const env = {
    CNI_CONTAINERID: `${phase.idPrefix}${number}-`.padEnd(64, 'c'),
    // Visible to the agent, as a pod's would be.
    CNI_NETNS: '/proc/self/ns/net',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=bench-${number}`,
  };
  const body = `{"config":${config},"env":${JSON.stringify(env)}}`;
  return (
    `POST ${phase.path} HTTP/1.1\r\nhost: agent\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}${headersEnd}${body}`
  );
}

async function runPhase(input: LoadInput, phase: LoadPhase): Promise<LoadOutput> {
  const config = JSON.stringify(input.config);
  const requests = Array.from({ length: phase.requests }, (_, number) =>
    composeRequest(phase, config, number),
  );
  const connections = await Promise.all(
    Array.from({ length: phase.inFlight }, async () => Connection.open(input.socketPath)),
  );
  const latenciesMs: number[] = [];
  const bodies: string[] = [];
  const work = async (connection: Connection): Promise<void> => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const sentMs = performance.now();
      bodies.push(await connection.send(request));
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(connections.map(work));
  const durationMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  if (input.expectAddresses && phase.path === '/v1/cni/add') checkAddresses(bodies);
  return { durationMs, latenciesMs };
}

/** Figures of an agent that gives an address twice would be worth nothing. */
function checkAddresses(bodies: readonly string[]): void {
  const addresses = new Set(bodies.map((body) => /"address": ?"([^"]+)"/.exec(body)?.[1]));
  if (addresses.has(undefined)) throw new Error('an ADD was answered without an address');
  if (addresses.size < bodies.length) throw new Error('an address was given twice');
}

await serveWorker('load-generator.ts', async (input) => {
  const outputs: LoadOutput[] = [];
  for (const phase of input.phases) outputs.push(await runPhase(input, phase));
  return outputs;
});
