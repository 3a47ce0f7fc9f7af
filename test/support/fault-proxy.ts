import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from './control-plane.ts';
import { freePort } from './free-port.ts';
import { type StatusFault, statusAnswer } from './status-answer.ts';

/** What happens to a request instead of its answer. */
export type Fault =
  /** Answers so and does not forward it. */
  | ({ readonly kind: 'status' } & StatusFault)
  /** Forwards it after so long, milliseconds. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Cuts the connection and does not forward it. */
  | { readonly kind: 'cut-before' }
  /** Forwards it, takes the whole answer, and cuts the connection without passing it on. */
  | { readonly kind: 'cut-after' }
  /** Takes the whole request, cuts the connection at once, and forwards the request so much later, milliseconds. */
  | { readonly kind: 'commit-late'; readonly delayMs: number };

export interface FaultRule {
  /** @default every method */
  readonly method?: string;
  /** Tested against path and query. */
  readonly path: RegExp;
  /** How many requests it strikes. @default all until it is removed */
  readonly times?: number;
  readonly fault: Fault;
}

/** A rule in force. */
export interface InjectedFault {
  /** How many requests it has struck. */
  readonly hits: number;
  /** Of a `commit-late`: how many of them have been answered by the API server. */
  readonly completed: number;
  /** What is under way goes on as it was. */
  remove(): void;
}

interface Rule extends FaultRule {
  hits: number;
  completed: number;
}

/** More than the benchmarks' agents have in flight. */
const upstreamConnectionsMax = 1024;
/** Longer than clients keep idle connections: only faults that were asked for cut any. */
const keepAliveTimeoutMs = 600_000;
/** Of one hop (RFC 9110, section 7.6.1), and set anew by Node. */
const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

/**
 * Stands in front of the API server with its certificate, passes on HTTP/1.1 as it comes, watches included, and does harm where
 * it is told to. While the API server is away it cuts the connections of all requests. Hold it with `await using`.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #plane: ControlPlane;
  readonly #port: number;
  readonly #server: Server;
  readonly #upstream: Agent;
  readonly #connections = new Set<Socket>();
  readonly #requests = new Map<string, number>();
  readonly #closing = new AbortController();
  #rules: readonly Rule[] = [];

  /** Use {@link startFaultProxy}. */
  constructor(plane: ControlPlane, port: number) {
    this.#plane = plane;
    this.#port = port;
    const cert = readFileSync(plane.caFile);
    this.#upstream = new Agent({ keepAlive: true, maxSockets: upstreamConnectionsMax, ca: cert });
    this.#server = createServer(
      {
        cert,
        key: readFileSync(plane.servingKeyFile),
        keepAliveTimeout: keepAliveTimeoutMs,
        requestTimeout: 0,
      },
      (request, response) => {
        void this.#handle(request, response).catch(() => request.socket.destroy());
      },
    );
    this.#server.on('secureConnection', (socket: Socket) => {
      // It was on its way when connections were refused.
      if (!this.#server.listening) socket.destroy();
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
  }

  /** What stands in place of the API server's. The same certificates prove it. */
  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** How often each method and path, as `PATCH /api/v1/…` without the query, was asked for, struck ones included. */
  get requests(): ReadonlyMap<string, number> {
    return this.#requests;
  }

  /** Connections that clients hold. */
  get connections(): number {
    return this.#connections.size;
  }

  /** @returns how many requests had this method and a path that matches */
  countRequests(method: string, path: RegExp): number {
    let count = 0;
    for (const [key, times] of this.#requests) {
      const [asked = '', place = ''] = key.split(' ');
      if (asked === method && path.test(place)) count += times;
    }
    return count;
  }

  /** Puts a rule in force. The first one that matches a request and is not used up strikes it. */
  inject(rule: FaultRule): InjectedFault {
    const entry: Rule = { ...rule, hits: 0, completed: 0 };
    this.#rules = [...this.#rules, entry];
    return {
      get hits() {
        return entry.hits;
      },
      get completed() {
        return entry.completed;
      },
      remove: () => {
        this.#rules = this.#rules.filter((each) => each !== entry);
      },
    };
  }

  /** Cuts every connection that is open, watches and requests under way included. */
  cutAll(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  /** On: connections are refused, and the ones that are open are cut. Off: all is well again. */
  async refuse(on: boolean): Promise<void> {
    if (on === !this.#server.listening) return;
    if (on) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      this.cutAll();
      await closed;
    } else {
      const listening = once(this.#server, 'listening');
      this.#server.listen(this.#port, '127.0.0.1');
      await listening;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.refuse(true);
    this.#upstream.destroy();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const key = `${method} ${url.replace(/\?.*/, '')}`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    const rule = this.#strike(method, url);
    const fault = rule?.fault;
    if (fault?.kind === 'status') {
      const { status, headers, content } = statusAnswer(fault);
      // Read to its end, so that the connection can be used again.
      request.resume();
      response.writeHead(status, headers).end(content);
    } else if (fault?.kind === 'cut-before') {
      request.socket.destroy();
    } else if (rule !== undefined && fault?.kind === 'commit-late') {
      await this.#forwardLate(request, fault.delayMs);
      rule.completed += 1;
    } else {
      if (fault?.kind === 'delay') await sleep(fault.delayMs, undefined, { signal: this.#closing.signal });
      if (!request.socket.destroyed) this.#forward(request, response, fault?.kind === 'cut-after');
    }
  }

  #strike(method: string, url: string): Rule | undefined {
    const rule = this.#rules.find(
      (each) =>
        (each.method ?? method) === method && each.path.test(url) && each.hits < (each.times ?? Infinity),
    );
    if (rule !== undefined) rule.hits += 1;
    return rule;
  }

  async #forwardLate(request: IncomingMessage, delayMs: number): Promise<void> {
    const { method, url = '/', rawHeaders } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    request.socket.destroy();
    await sleep(delayMs, undefined, { signal: this.#closing.signal });
    const upstream = httpsRequest(new URL(url, this.#plane.url), {
      method,
      agent: this.#upstream,
      headers: headersOnward(rawHeaders),
    });
    upstream.end(Buffer.concat(chunks));
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
  }

  #forward(request: IncomingMessage, response: ServerResponse, cutAfter: boolean): void {
    const upstream = httpsRequest(new URL(request.url ?? '/', this.#plane.url), {
      method: request.method,
      agent: this.#upstream,
      headers: headersOnward(request.rawHeaders),
    });
    const cut = (): void => void request.socket.destroy();
    upstream.on('error', cut);
    // The client is gone: so is its interest in a watch. What was sent whole is done all the same.
    response.on('close', () => {
      if (!cutAfter && !response.writableFinished) upstream.destroy();
    });
    upstream.on('response', (answer) => {
      answer.on('error', cut);
      answer.on('close', () => {
        if (!answer.complete) cut();
      });
      if (cutAfter) {
        answer.resume().on('end', cut);
        return;
      }
      response.writeHead(answer.statusCode ?? 502, headersOnward(answer.rawHeaders));
      response.flushHeaders();
      answer.pipe(response);
    });
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }
}

/** Starts a {@link FaultProxy} in front of a control plane. */
export async function startFaultProxy(plane: ControlPlane): Promise<FaultProxy> {
  const proxy = new FaultProxy(plane, await freePort());
  await proxy.refuse(false);
  return proxy;
}

/** @param raw names and values in turn; @returns the same without those of one hop */
function headersOnward(raw: readonly string[]): string[] {
  const onward: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = raw.slice(index, index + 2);
    if (!hopHeaders.has(name.toLowerCase())) onward.push(name, value);
  }
  return onward;
}
