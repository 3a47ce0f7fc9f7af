import type { Family } from '../ip/address.ts';
import type { ClusterFacts } from './facts.ts';
import type { NicRequest, PoolLists } from './request.ts';

/** Where a list of pools came from. */
export type SourceName = 'cni-config' | 'cluster-default';

/** The source in the words of a message. */
export const sourceTitles: Readonly<Record<SourceName, string>> = {
  'cni-config': 'the CNI config',
  'cluster-default': 'the cluster default',
};

/** The pools that a source names for one NIC. */
export interface NicSelection {
  readonly nic: string;
  readonly source: SourceName;
  readonly cleanGateway: boolean;
  readonly pools: PoolLists;
}

type CandidateSource = (request: NicRequest, facts: ClusterFacts) => readonly NicSelection[] | undefined;

/** The sources in the order of their priority. The first one that has something decides for all families. */
const sources: readonly CandidateSource[] = [cniConfigPools, clusterDefaultPools];

/** The selection of the first source that names pools, or undefined when none does. */
export function selectPools(request: NicRequest, facts: ClusterFacts): readonly NicSelection[] | undefined {
  for (const source of sources) {
    const selection = source(request, facts);
    if (selection !== undefined) return selection;
  }
  return undefined;
}

function cniConfigPools(request: NicRequest): readonly NicSelection[] | undefined {
  const pools = request.configPools;
  if (pools[4].length === 0 && pools[6].length === 0) return undefined;
  return [{ nic: request.nic, source: 'cni-config', cleanGateway: request.cleanGateway, pools }];
}

function clusterDefaultPools(request: NicRequest, facts: ClusterFacts): readonly NicSelection[] | undefined {
  const names = (family: Family): readonly string[] =>
    facts.catalog.pools
      .filter(({ pool }) => pool.isDefault && pool.family === family)
      .map(({ pool }) => pool.name);
  const pools = { 4: names(4), 6: names(6) };
  if (pools[4].length === 0 && pools[6].length === 0) return undefined;
  return [{ nic: request.nic, source: 'cluster-default', cleanGateway: request.cleanGateway, pools }];
}
