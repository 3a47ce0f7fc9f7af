import { type LabelSelector, matchesLabelSelector } from '../api/label-selector.ts';
import { multusAnnotations } from '../api/names.ts';
import { CniError } from '../cni/error.ts';
import type { Family } from '../ip/address.ts';
import type { ClusterFacts, Labels } from './facts.ts';
import { firstNic, networkOfNic, type PodNetworks } from './pod-networks.ts';
import type { Pool } from './pool.ts';

/** One question to a pool: undefined when it may serve, else the reason why not. */
type Filter = (pool: Pool, context: FilterContext) => string | undefined;

/** What a pool is judged for. */
export interface FilterContext {
  readonly family: Family;
  /** Name of the NIC in the pod. */
  readonly nic: string;
  /** True: only pools whose subnet the SR-IOV parent of the NIC has an address in. */
  readonly matchMasterSubnet: boolean;
  readonly facts: ClusterFacts;
  readonly networks: PodNetworks;
}

/** In the order of the original; the first reason is the one that is reported. */
const filters: readonly Filter[] = [
  deletingFilter,
  disabledFilter,
  familyFilter,
  nodeFilter,
  namespaceFilter,
  podFilter,
  multusFilter,
  masterSubnetFilter,
];

/** Why this pool can't serve the request, or undefined when it can. Free addresses are not looked at here. */
export function rejectionReason(pool: Pool, context: FilterContext): string | undefined {
  for (const filter of filters) {
    const reason = filter(pool, context);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function deletingFilter(pool: Pool): string | undefined {
  return pool.deleting ? 'is being deleted' : undefined;
}

function disabledFilter(pool: Pool): string | undefined {
  return pool.disabled ? 'is disabled (spec.disable is true)' : undefined;
}

function familyFilter(pool: Pool, { family }: FilterContext): string | undefined {
  return pool.family === family ? undefined : `is an IPv${pool.family} pool in the IPv${family} list`;
}

function nodeFilter(pool: Pool, { facts }: FilterContext): string | undefined {
  if (pool.nodeNames.length > 0) return nameReason('nodeName', pool.nodeNames, 'node', facts.node.name);
  return selectorReason('nodeAffinity', pool.nodeAffinity, 'node', facts.node);
}

function namespaceFilter(pool: Pool, { facts }: FilterContext): string | undefined {
  if (pool.namespaceNames.length > 0) {
    return nameReason('namespaceName', pool.namespaceNames, 'namespace', facts.namespace?.name);
  }
  return selectorReason('namespaceAffinity', pool.namespaceAffinity, 'namespace', facts.namespace);
}

function podFilter(pool: Pool, { facts }: FilterContext): string | undefined {
  // Its affinity names an application instead of labels of pods.
  if (pool.isAutoPool) {
    return "belongs to an application's auto pool, and those of SpiderSubnet are not supported yet";
  }
  return selectorReason('podAffinity', pool.podAffinity, 'pod', facts.pod);
}

function multusFilter(pool: Pool, { nic, facts, networks }: FilterContext): string | undefined {
  if (pool.multusNames.length === 0) return undefined;
  const has = `has multusName ${pool.multusNames.join(', ')}, and`;
  if (facts.multus === undefined)
    return `${has} the Multus network of the NIC is not known without a cluster`;
  const network = networkOfNic(networks, nic);
  if (network instanceof CniError)
    return `${has} the network of NIC ${nic} can't be read: ${network.message}`;
  if (network === undefined) {
    if (nic !== firstNic)
      return `${has} ${multusAnnotations.networks} of the pod has no network for NIC ${nic}`;
    const where = `the pod annotation ${multusAnnotations.defaultNetwork} and MULTUS_CLUSTER_NETWORK of the agent`;
    return `${has} the network of NIC ${nic} is not known: ${where} are both missing`;
  }
  const actual = `${network.namespace}/${network.name}`;
  const { agentNamespace } = facts.multus;
  const names = pool.multusNames.map((name) => (name.includes('/') ? name : `${agentNamespace}/${name}`));
  return names.includes(actual) ? undefined : `${has} the network of NIC ${nic} is ${actual}`;
}

function masterSubnetFilter(pool: Pool, { nic, matchMasterSubnet }: FilterContext): string | undefined {
  // A pool that is bound to the NIC's network needs no other evidence.
  if (!matchMasterSubnet || pool.multusNames.length > 0) return undefined;
  return `is not looked at: match_master_subnet is for SR-IOV, and no SR-IOV virtual function was found behind NIC ${nic}`;
}

function nameReason(
  field: string,
  names: readonly string[],
  what: string,
  name: string | undefined,
): string | undefined {
  if (name !== undefined && names.includes(name)) return undefined;
  const actual = name === undefined ? `the request names no ${what}` : `the ${what} is ${name}`;
  return `has ${field} ${names.join(', ')}, and ${actual}`;
}

function selectorReason(
  field: string,
  selector: LabelSelector | undefined,
  what: string,
  subject: { readonly name: string; readonly labels?: Labels } | undefined,
): string | undefined {
  if (selector === undefined) return undefined;
  if (subject === undefined) return `has ${field}, and the request names no ${what}`;
  if (subject.labels === undefined) {
    return `has ${field}, and the labels of ${what} ${subject.name} are not known without a cluster`;
  }
  if (matchesLabelSelector(selector, subject.labels)) return undefined;
  return `has ${field}, which the labels of ${what} ${subject.name} do not match`;
}
