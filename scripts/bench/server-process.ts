import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SocketClient } from '../../test/support/socket-client.ts';
import { type Memory, readMemory } from './process-memory.ts';

export interface ServerOptions {
  /** Arguments of this process's Node. */
  readonly args: readonly string[];
  readonly socketPath: string;
  /** What it prints goes here; a pipe would make this process work along. */
  readonly logFile: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The server did not get ready; the message has the end of its log. */
export class ServerStartError extends Error {
  override readonly name = 'ServerStartError';
  readonly code = 'SP_BENCH_SERVER';
}

const startTimeoutMs = 60_000;
/** Looking for the socket costs microseconds, so the start is timed to the millisecond. */
const pollMs = 1;

/** Servers that this process must not leave behind, whichever way it ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A server on a unix socket, in a process of its own. Hold it with `await using`. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #client: SocketClient;
  /** From the start of the process until `GET /v1/ipam/healthy` answered 200. */
  readonly readyMs: number;

  readonly #startedMs: number;

  /** Use {@link startServer}. */
  constructor(child: ChildProcess, client: SocketClient, startedMs: number) {
    this.#child = child;
    this.#client = client;
    this.#startedMs = startedMs;
    this.readyMs = performance.now() - startedMs;
  }

  /** Sends JSON and expects 200. Returns how long it took. */
  async post(path: string, body: unknown): Promise<number> {
    const startedMs = performance.now();
    const { status, text } = await this.#client.request('POST', path, body);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
    return performance.now() - startedMs;
  }

  /** Asks again and again until the answer is 200. Returns the milliseconds since the start of the process. */
  async readyAfterMs(path: string, body: unknown): Promise<number> {
    for (;;) {
      const { status, text } = await this.#client.request('POST', path, body);
      const sinceStartMs = performance.now() - this.#startedMs;
      if (status === 200) return sinceStartMs;
      if (sinceStartMs > startTimeoutMs) throw new ServerStartError(`${path} answers ${status}: ${text}`);
      await sleep(pollMs);
    }
  }

  /** Sends JSON and returns the parsed answer, whatever its status. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.#client.request(method, path, body)).body;
  }

  memory(): Memory {
    return readMemory(this.#child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}

/**
 * Starts a server and waits until it is healthy.
 * @throws ServerStartError when it ends or does not get there
 */
export async function startServer({ args, socketPath, logFile, env }: ServerOptions): Promise<ServerProcess> {
  const log = openSync(logFile, 'a', 0o600);
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  });
  closeSync(log);
  running.add(child);
  child.once('exit', () => running.delete(child));
  const client = new SocketClient(socketPath);
  while (
    performance.now() - startedMs < startTimeoutMs &&
    child.exitCode === null &&
    child.signalCode === null
  ) {
    if (await isHealthy(client, socketPath)) return new ServerProcess(child, client, startedMs);
    await sleep(pollMs);
  }
  child.kill('SIGKILL');
  throw new ServerStartError(
    `${args.join(' ')} did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`,
  );
}

async function isHealthy(client: SocketClient, socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false;
  try {
    return (await client.request('GET', '/v1/ipam/healthy')).status === 200;
  } catch {
    // The file is there a moment before somebody listens, or it is left of a former server.
    return false;
  }
}
