import { buildCatalog } from '../../ipam/catalog.ts';
import { reservedAddresses } from '../../ipam/compile-pool.ts';
import type { PoolCatalog } from '../../ipam/pool.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { Reflector } from '../../kube/reflector.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import type { PoolCondition } from '../cluster.ts';
import { deletingText, notUsedText, originalRecordsText } from '../pool-condition-texts.ts';
import { withOverlaps } from '../pool-overlaps.ts';
import { PoolWatch } from './pool-watch.ts';
import type { StoredPool } from './stored-pool.ts';
import { readStoredReservedIp, type StoredReservedIp } from './stored-reserved-ip.ts';

/** Changes within this time make one new catalogue. The watch lags behind the API server about as much. */
const rebuildPauseMs = 100;

/** What the pools are known by. */
export interface PoolKnowledgeOptions {
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

  constructor({ api, log }: PoolKnowledgeOptions) {
    const onChange = (): void => this.#changed();
    this.#pools = new PoolWatch({ api, log, onChange });
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
    this.#conditions ??= withOverlaps(ownConditions(this.#pools.pools), compiledOf(this.#pools.pools));
    return this.#conditions.get(poolName) ?? [];
  }

  /** What is wrong with stored objects, each in a line. */
  get problems(): readonly string[] {
    const pools = Array.from(this.#pools.pools, ([name, { problem }]) => ['SpiderIPPool', name, problem]);
    const reserved = Array.from(this.#reserved.items.values(), ({ name, problem }) => [
      'SpiderReservedIP',
      name,
      problem,
    ]);
    return [...pools, ...reserved]
      .filter(([, , problem]) => problem !== undefined)
      .map(([kind, name, problem]) => `${kind} ${name}: ${problem}`);
  }

  #changed(): void {
    this.#hasChanged = true;
    this.#conditions = undefined;
  }

  #build(): void {
    const reserved = Array.from(this.#reserved.items.values(), ({ resource }) => resource);
    this.#catalog = buildCatalog(compiledOf(this.#pools.pools), reservedAddresses(reserved), this.#catalog);
    this.#hasChanged = false;
    this.#builtMs = performance.now();
  }
}

function compiledOf(pools: ReadonlyMap<string, StoredPool>) {
  return Array.from(pools.values(), ({ pool }) => pool).filter((pool) => pool !== undefined);
}

function ownConditions(pools: ReadonlyMap<string, StoredPool>): Map<string, readonly PoolCondition[]> {
  return new Map(Array.from(pools, ([name, stored]) => [name, conditionsOf(stored)]));
}

function conditionsOf({ pool, problem }: StoredPool): readonly PoolCondition[] {
  const conditions: PoolCondition[] = [];
  if (problem !== undefined) conditions.push({ type: 'BadManifest', message: notUsedText(problem) });
  if (pool?.hasOriginalRecords) conditions.push({ type: 'OriginalRecords', message: originalRecordsText });
  if (pool?.deleting) conditions.push({ type: 'Deleting', message: deletingText });
  return conditions;
}
