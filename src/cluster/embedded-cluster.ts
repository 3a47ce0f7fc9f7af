import { buildCatalog } from '../ipam/catalog.ts';
import { compilePool, reservedAddresses } from '../ipam/compile-pool.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import type { Cluster, PodReference, PodState, PoolCondition, RequestFacts } from './cluster.ts';
import type { ResolvedFiles } from './pool-files.ts';
import { withOverlaps } from './pool-overlaps.ts';

/** One host without a cluster: pools come from files, and of pods only their names are known. */
export class EmbeddedCluster implements Cluster {
  readonly nodeName: string;
  readonly ownRecords = {};
  #catalog: PoolCatalog = { pools: [], byName: new Map() };
  #conditions: ReadonlyMap<string, readonly PoolCondition[]> = new Map();

  constructor(nodeName: string) {
    this.nodeName = nodeName;
  }

  /** From now on these resources are in force. */
  update({ pools, reservedIps, conditions }: ResolvedFiles): void {
    const compiled = pools.map((pool) => compilePool(pool));
    this.#catalog = buildCatalog(compiled, reservedAddresses(reservedIps), this.#catalog);
    this.#conditions = withOverlaps(conditions, compiled);
  }

  catalog(): PoolCatalog {
    return this.#catalog;
  }

  /** The folder is watched, and read as a whole. */
  catchUp(): Promise<boolean> {
    return Promise.resolve(false);
  }

  conditions(poolName: string): readonly PoolCondition[] {
    return this.#conditions.get(poolName) ?? [];
  }

  facts({ namespace, name }: PodReference): Promise<RequestFacts> {
    return Promise.resolve({
      node: { name: this.nodeName },
      ...(namespace !== undefined && { namespace: { name: namespace } }),
      ...(name !== undefined && { pod: { name } }),
      catalog: this.#catalog,
    });
  }

  podState(): PodState {
    return 'unknown';
  }

  endingGraceMs(): number {
    return 0;
  }

  readPodState(): Promise<PodState> {
    return Promise.resolve('unknown');
  }

  /** Nothing is static without a cluster, so nothing is taken away. */
  isOwnerValid(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
