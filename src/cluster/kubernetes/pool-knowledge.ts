import type { PoolCatalog } from '../../ipam/pool.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { Reflector } from '../../kube/reflector.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import type { PoolCondition } from '../cluster.ts';
import { PoolWatch, type PoolWatchOptions } from './pool-watch.ts';
import { storedCatalog, storedConditions, storedProblems } from './stored-pools.ts';
import { readStoredReservedIp, type StoredReservedIp } from './stored-reserved-ip.ts';

/** Changes within this time make one new catalogue. The watch lags behind the API server about as much. */
const rebuildPauseMs = 100;

/** What the pools are known by. */
export interface PoolKnowledgeOptions extends Pick<PoolWatchOptions, 'onImported'> {
  readonly api: KubeApi;
  readonly log: Logger;
}

/** The pools and reserved addresses of the cluster, put together when somebody asks. */
export class PoolKnowledge {
  readonly #pools: PoolWatch;
  readonly #reserved: Reflector<StoredReservedIp>;
  #catalog: PoolCatalog = { pools: [], byName: new Map() };
  /** Of the pools as they are now; undefined until somebody asks. */
  #conditions: ReadonlyMap<string, readonly PoolCondition[]> | undefined;
  #hasChanged = true;
  #builtMs = -Infinity;

  constructor({ api, log, onImported }: PoolKnowledgeOptions) {
    const onChange = (): void => this.#changed();
    this.#pools = new PoolWatch({ api, log, onChange, onImported });
    this.#reserved = new Reflector({
      api,
      log,
      name: 'reserved IPs',
      path: resourcePath(kubeResources.reservedIps),
      parse: readStoredReservedIp,
      keyOf: ({ name }) => name,
      onChange: (name, now, before) => {
        onChange();
        const problem = now?.problem;
        if (problem !== undefined && problem !== before?.problem) {
          log.warn({ reservedIp: name, problem }, 'bad reserved IP, its other entries are in force');
        }
      },
    });
  }

  /** Watches until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#pools.run(signal), this.#reserved.run(signal)]);
  }

  /** Waits until everything has been read once, and is in the catalogue. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#pools.synced(signal), this.#reserved.synced(signal)]);
    this.#build();
  }

  /** What has not been read yet, in words. */
  get unread(): readonly string[] {
    return [...(this.#pools.isSynced ? [] : ['pools']), ...(this.#reserved.isSynced ? [] : ['reserved IPs'])];
  }

  /** The pools that can be used. */
  catalog(): PoolCatalog {
    if (this.#hasChanged && performance.now() - this.#builtMs >= rebuildPauseMs) this.#build();
    return this.#catalog;
  }

  /**
   * Reads pools that the watch has not told of yet. Never fails but by the signal.
   *
   * @returns whether the catalogue was put together anew
   */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const builtMs = this.#builtMs;
    await this.#pools.catchUp(signal);
    if (this.#hasChanged) this.#build();
    return this.#builtMs !== builtMs;
  }

  /** What an operator should know of a pool, worst first. */
  conditions(poolName: string): readonly PoolCondition[] {
    this.#conditions ??= storedConditions(this.#pools.pools);
    return this.#conditions.get(poolName) ?? [];
  }

  /** What is wrong with stored objects, each in a line. */
  get problems(): readonly string[] {
    return storedProblems(this.#pools.pools, [...this.#reserved.items.values()]);
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#conditions = undefined;
  }

  #build(): void {
    this.#catalog = storedCatalog(this.#pools.pools, [...this.#reserved.items.values()], this.#catalog);
    this.#hasChanged = false;
    this.#builtMs = performance.now();
  }
}
