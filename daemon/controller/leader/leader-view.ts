import { type NodeView, parseNodeView } from '../../../src/cluster/kubernetes/node-view.ts';
import { type PodLife, parsePodLife } from '../../../src/cluster/kubernetes/pod-life.ts';
import {
  readStoredReservedIp,
  type StoredReservedIp,
} from '../../../src/cluster/kubernetes/stored-reserved-ip.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { Reflector, type ReflectorOptions } from '../../../src/kube/reflector.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { Block } from '../../../src/ledger/blocks/block.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { type PoolView, parsePoolView } from './pool-view.ts';

/** Is told of each change: of a new object `before` is undefined, of one that is gone `now`. Must not throw. */
export type Listener<T> = (key: string, now: T | undefined, before: T | undefined) => void;

/** Slots that can't be read are reported once each, up to so many. */
const reportsMax = 1_000;

/** A copy of a collection that others may listen to. */
export class Mirror<T> {
  readonly #reflector: Reflector<T>;
  readonly #listeners: Listener<T>[] = [];

  constructor(options: Omit<ReflectorOptions<T>, 'onChange'>) {
    this.#reflector = new Reflector({
      ...options,
      onChange: (key, now, before) => {
        for (const listener of this.#listeners) listener(key, now, before);
      },
    });
  }

  /** What is there, by name or `namespace/name`. */
  get items(): ReadonlyMap<string, T> {
    return this.#reflector.items;
  }

  get isSynced(): boolean {
    return this.#reflector.isSynced;
  }

  /** When the API server was last heard, by performance.now(). */
  get lastHeardMs(): number {
    return this.#reflector.lastHeardMs;
  }

  /** Calls the listener for each change from now on; to be called before `run`, so that none is missed. */
  onChange(listener: Listener<T>): void {
    this.#listeners.push(listener);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  synced(signal: AbortSignal): Promise<void> {
    return this.#reflector.synced(signal);
  }
}

/**
 * The whole cluster as the leader works with it: address blocks, pools, reserved addresses, pods and nodes, each as a projection that is
 * kept up to date by a watch. It may lag behind the API server: whoever frees by it reads again first.
 */
export class LeaderView {
  /** By name, such as `v4-0a060100`. */
  readonly blocks: Mirror<Block>;
  readonly pools: Mirror<PoolView>;
  readonly reservedIps: Mirror<StoredReservedIp>;
  /** All pods of the cluster, by `namespace/name`. */
  readonly pods: Mirror<PodLife>;
  readonly nodes: Mirror<NodeView>;

  constructor({ api, log }: { readonly api: KubeApi; readonly log: Logger }) {
    const reported = new Set<string>();
    const report = (block: Block, index: number, reason: string): void => {
      const key = `${block.name}/${index}`;
      if (reported.has(key) || reported.size >= reportsMax) return;
      reported.add(key);
      log.error(
        { block: block.name, slot: index, reason },
        'slot can not be read, its address is not given out',
      );
    };
    this.blocks = new Mirror({
      api,
      log,
      name: 'blocks',
      path: resourcePath(kubeResources.blocks),
      parse: (object) => Block.parse(object, report),
      keyOf: (block) => block.name,
    });
    this.pools = new Mirror({
      api,
      log,
      name: 'pools',
      path: resourcePath(kubeResources.pools),
      parse: parsePoolView,
      keyOf: ({ name }) => name,
    });
    this.reservedIps = new Mirror({
      api,
      log,
      name: 'reserved IPs',
      path: resourcePath(kubeResources.reservedIps),
      parse: readStoredReservedIp,
      keyOf: ({ name }) => name,
    });
    this.pods = new Mirror({
      api,
      log,
      name: 'pods',
      path: resourcePath(kubeResources.pods),
      parse: parsePodLife,
      keyOf: ({ namespace, name }) => `${namespace}/${name}`,
    });
    this.nodes = new Mirror({
      api,
      log,
      name: 'nodes',
      path: resourcePath(kubeResources.nodes),
      parse: parseNodeView,
      keyOf: ({ name }) => name,
    });
  }

  /** Watches until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.run(signal)));
  }

  /** Waits until everything has been read once. @throws the signal's reason */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.synced(signal)));
  }

  get isSynced(): boolean {
    return this.#mirrors.every(({ isSynced }) => isSynced);
  }

  get #mirrors(): readonly Pick<Mirror<unknown>, 'run' | 'synced' | 'isSynced'>[] {
    return [this.blocks, this.pools, this.reservedIps, this.pods, this.nodes];
  }
}
