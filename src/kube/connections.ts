import type { Agent, Dispatcher } from 'undici';
import UndiciAgent from 'undici/lib/dispatcher/agent.js';
import type { KubeTls } from './kubeconfig.ts';

/** The API server closes a connection that rests for 90 s: sooner than that, so that no request meets the closing. */
const keepAliveMs = 60_000;

/** To the API server it is one network away. */
const connectMsMax = 5_000;

/** The kernel looks for a peer that went away without a word: after so long once a second, ten times (libuv's choice). */
const probeAfterMs = 30_000;

/** The kept-alive connections to the API server. */
export class Connections implements AsyncDisposable {
  readonly #connectionsMax: number;
  #agent: Agent | undefined;
  #tls: KubeTls | undefined;
  /** Of before: they end with what is under way on them. */
  readonly #ending = new Set<Agent>();
  #isClosed = false;

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax;
  }

  /** What sends requests; with other keys than before over new connections. */
  with(tls: KubeTls): Dispatcher {
    if (this.#agent !== undefined && this.#tls === tls) return this.#agent;
    this.abandon();
    this.#tls = tls;
    this.#agent = new UndiciAgent({
      // One stalled HTTP/2 connection would stop everything at once.
      allowH2: false,
      pipelining: 1,
      connections: this.#connectionsMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      // Whoever asks has limits of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { ...tls, timeout: connectMsMax, keepAlive: true, keepAliveInitialDelay: probeAfterMs },
    });
    if (this.#isClosed) void this.#agent.destroy();
    return this.#agent;
  }

  /** Lets new requests go over new connections: the ones there are seem dead. What is under way ends in its time. */
  abandon(): void {
    const agent = this.#agent;
    this.#agent = undefined;
    if (agent === undefined) return;
    this.#ending.add(agent);
    agent
      .close()
      // Cut with the client.
      .catch(() => undefined)
      .finally(() => this.#ending.delete(agent));
  }

  /** Cuts what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const agents = [...this.#ending, ...(this.#agent === undefined ? [] : [this.#agent])];
    await Promise.all(agents.map((agent) => agent.destroy()));
  }
}
