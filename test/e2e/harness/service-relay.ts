import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../../support/control-plane.ts';

interface Named {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

interface Service extends Named {
  readonly spec: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
}

interface EndpointSlice extends Named {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[];
}

/** Where a connection can go. */
interface Target {
  readonly host: string;
  readonly port: number;
}

const pollMs = 250;
const serviceLabel = 'kubernetes.io/service-name';

/**
 * Stands in for kube-proxy: listens at the address of every Service, in the namespace to which the nodes route them, and passes connections on to an endpoint
 * that is ready. TCP only.
 */
export class ServiceRelay implements AsyncDisposable {
  readonly #plane: ControlPlane;
  readonly #abort = new AbortController();
  readonly #servers = new Map<string, Server>();
  readonly #sockets = new Set<Socket>();
  #targets = new Map<string, readonly Target[]>();
  #turn = 0;
  readonly #loop: Promise<void>;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#loop = this.#follow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#loop;
    for (const server of this.#servers.values()) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch {
        // The API server is away: what was known stands.
      }
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const services = await this.#list<Service>('/api/v1/services');
    const slices = await this.#list<EndpointSlice>('/apis/discovery.k8s.io/v1/endpointslices');
    const targets = new Map<string, readonly Target[]>();
    for (const { metadata, spec } of services) {
      if (spec.clusterIP === undefined || !/^[\d.]+$/.test(spec.clusterIP)) continue;
      const own = slices.filter(
        (slice) =>
          slice.metadata.namespace === metadata.namespace &&
          slice.metadata.labels?.[serviceLabel] === metadata.name,
      );
      for (const { name = '', port, protocol = 'TCP' } of spec.ports ?? []) {
        if (protocol === 'TCP') targets.set(`${spec.clusterIP} ${port}`, targetsOf(own, name));
      }
    }
    this.#targets = targets;
    this.#listen();
  }

  #listen(): void {
    for (const key of this.#targets.keys()) {
      if (this.#servers.has(key)) continue;
      const [host = '', port = ''] = key.split(' ');
      const server = createServer({ noDelay: true }, (socket) => this.#pass(key, socket));
      server.on('error', () => this.#servers.delete(key));
      server.listen(Number(port), host);
      this.#servers.set(key, server);
    }
    for (const [key, server] of this.#servers) {
      if (this.#targets.has(key)) continue;
      server.close();
      this.#servers.delete(key);
    }
  }

  #pass(key: string, socket: Socket): void {
    const targets = this.#targets.get(key) ?? [];
    this.#turn += 1;
    const target = targets[this.#turn % Math.max(1, targets.length)];
    if (target === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const onward = connect({ ...target, noDelay: true });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  async #list<T>(path: string): Promise<readonly T[]> {
    const { status, body } = await this.#plane.adminRequest('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status}`);
    return (body as { readonly items: readonly T[] }).items;
  }
}

function targetsOf(slices: readonly EndpointSlice[], portName: string): readonly Target[] {
  return slices.flatMap(({ endpoints = [], ports = [] }) => {
    const port = ports.find(({ name = '' }) => name === portName)?.port;
    if (port === undefined) return [];
    return endpoints
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses }) => addresses.map((host) => ({ host, port })));
  });
}
