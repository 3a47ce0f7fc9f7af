import { describeRanges } from '../api/range-lists.ts';
import { buildCatalog } from '../ipam/catalog.ts';
import { compilePool, reservedAddresses } from '../ipam/compile-pool.ts';
import type { PoolCatalog } from '../ipam/pool.ts';
import { findPoolConflicts, type PoolConflict } from '../ipam/pool-conflicts.ts';
import type { Cluster, PodReference, PodState, PoolCondition, RequestFacts } from './cluster.ts';
import type { ResolvedFiles } from './pool-files.ts';

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
    this.#conditions = withConflicts(conditions, findPoolConflicts(compiled));
  }

  catalog(): PoolCatalog {
    return this.#catalog;
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

  readPodState(): Promise<PodState> {
    return Promise.resolve('unknown');
  }

  /** Nothing is static without a cluster, so nothing is taken away. */
  isOwnerValid(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

function withConflicts(
  conditions: ReadonlyMap<string, readonly PoolCondition[]>,
  conflicts: readonly PoolConflict[],
): ReadonlyMap<string, readonly PoolCondition[]> {
  const all = new Map(conditions);
  for (const conflict of conflicts) {
    const message = conflictText(conflict);
    for (const name of conflict.pools) {
      all.set(name, [...(all.get(name) ?? []), { type: 'Overlap', message }]);
    }
  }
  return all;
}

function conflictText(conflict: PoolConflict): string {
  const [a, b] = conflict.pools;
  if (conflict.kind === 'subnets') return `the subnets of pools ${a} and ${b} differ and overlap`;
  return `pools ${a} and ${b} both have ${describeRanges(conflict.shared)}; each address is still given only once`;
}
