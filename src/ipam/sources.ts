import { namespaceAnnotations, podAnnotations } from '../api/names.ts';
import { CniCode, CniError } from '../cni/error.ts';
import type { Family } from '../ip/address.ts';
import type { ClusterFacts } from './facts.ts';
import { parseIppool } from './parse-ippool.ts';
import { parseNamespacePools } from './parse-namespace-pools.ts';
import type { PodNetworks } from './pod-networks.ts';
import type { NicRequest, PoolLists } from './request.ts';
import { selectIppools } from './select-ippools.ts';

/** Where a list of pools came from. */
export type SourceName = 'pod-ippools' | 'pod-ippool' | 'namespace' | 'cni-config' | 'cluster-default';

/** The source in the words of a message. */
export const sourceTitles: Readonly<Record<SourceName, string>> = {
  'pod-ippools': `the pod annotation ${podAnnotations.ippools}`,
  'pod-ippool': `the pod annotation ${podAnnotations.ippool}`,
  namespace: `the namespace annotations ${namespaceAnnotations[4]} and ${namespaceAnnotations[6]}`,
  'cni-config': 'the CNI config',
  'cluster-default': 'the cluster default',
};

/** The list of a source for one family in the words of a message. */
export function listTitle(source: SourceName, family: Family): string {
  return source === 'namespace'
    ? `the namespace annotation ${namespaceAnnotations[family]}`
    : sourceTitles[source];
}

/** The pools that a source names for one NIC. */
export interface NicSelection {
  readonly nic: string;
  readonly source: SourceName;
  readonly cleanGateway: boolean;
  readonly pools: PoolLists;
}

/** What the sources look at. */
export interface SourceContext {
  readonly request: NicRequest;
  readonly facts: ClusterFacts;
  readonly networks: PodNetworks;
}

type CandidateSource = (context: SourceContext) => readonly NicSelection[] | undefined;

/** The sources in the order of their priority. The first one that has something decides for all families. */
const sources: readonly CandidateSource[] = [
  podSubnets,
  podIppools,
  podIppool,
  namespacePools,
  cniConfigPools,
  clusterDefaultPools,
];

/**
 * The selection of the first source that names pools, or undefined when none does.
 *
 * @throws CniError with code 105 for an annotation that can't be followed; a source of lower priority does not step in
 */
export function selectPools(context: SourceContext): readonly NicSelection[] | undefined {
  for (const source of sources) {
    const selection = source(context);
    if (selection !== undefined) return selection;
  }
  return undefined;
}

/** Subnets go before all other sources; a pod that asks for one must not end up in another network. */
function podSubnets({ facts }: SourceContext): undefined {
  if (facts.subnetsEnabled !== true) return;
  const annotations = facts.pod?.annotations;
  const key = [podAnnotations.subnets, podAnnotations.subnet].find((one) => annotations?.[one] !== undefined);
  if (key === undefined) return;
  const message =
    `pod annotation ${key} is not supported yet: remove it and name pools with ${podAnnotations.ippool}, ` +
    'for example {"ipv4":["pool-a"]}, or set enableSpiderSubnet: false in conf.yml, which ignores it';
  throw new CniError(CniCode.badSelection, message);
}

function podIppools({ request, facts, networks }: SourceContext): readonly NicSelection[] | undefined {
  const text = facts.pod?.annotations?.[podAnnotations.ippools];
  if (text === undefined) return undefined;
  const elements = selectIppools(text, request.nic, networks);
  return elements.map((element) => ({ ...element, source: 'pod-ippools' }));
}

function podIppool({ request, facts }: SourceContext): readonly NicSelection[] | undefined {
  const text = facts.pod?.annotations?.[podAnnotations.ippool];
  return text === undefined ? undefined : ofRequest(request, 'pod-ippool', parseIppool(text));
}

function namespacePools({ request, facts }: SourceContext): readonly NicSelection[] | undefined {
  const names = (family: Family): readonly string[] => {
    const text = facts.namespace?.annotations?.[namespaceAnnotations[family]];
    return text === undefined ? [] : parseNamespacePools(text, family);
  };
  return ofRequest(request, 'namespace', { 4: names(4), 6: names(6) });
}

function cniConfigPools({ request }: SourceContext): readonly NicSelection[] | undefined {
  return ofRequest(request, 'cni-config', request.configPools);
}

function clusterDefaultPools({ request, facts }: SourceContext): readonly NicSelection[] | undefined {
  const names = (family: Family): readonly string[] =>
    facts.catalog.pools
      .filter(({ pool }) => pool.isDefault && pool.family === family)
      .map(({ pool }) => pool.name);
  return ofRequest(request, 'cluster-default', { 4: names(4), 6: names(6) });
}

/** Pools for the NIC that is being added; undefined when both lists are empty. */
function ofRequest(
  { nic, cleanGateway }: NicRequest,
  source: SourceName,
  pools: PoolLists,
): readonly NicSelection[] | undefined {
  if (pools[4].length === 0 && pools[6].length === 0) return undefined;
  return [{ nic, source, cleanGateway, pools }];
}
