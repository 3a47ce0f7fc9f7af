import { type LabelSelector, matchesLabelSelector } from '../api/label-selector.ts';
import type { Family } from '../ip/address.ts';
import type { ClusterFacts, Labels } from './facts.ts';
import type { Pool } from './pool.ts';
import type { NicRequest } from './request.ts';

/** One question to a pool: undefined when it may serve, else the reason why not. */
type Filter = (pool: Pool, context: FilterContext) => string | undefined;

/** What a pool is judged for. */
export interface FilterContext {
  readonly family: Family;
  readonly request: NicRequest;
  readonly facts: ClusterFacts;
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
  return selectorReason('podAffinity', pool.podAffinity, 'pod', facts.pod);
}

function multusFilter(pool: Pool): string | undefined {
  if (pool.multusNames.length === 0) return undefined;
  return `has multusName ${pool.multusNames.join(', ')}, and the Multus network of the NIC is not known without a cluster`;
}

function masterSubnetFilter(_pool: Pool, { request }: FilterContext): string | undefined {
  if (!request.matchMasterSubnet) return undefined;
  return `is not looked at: match_master_subnet is for SR-IOV, and no SR-IOV virtual function was found behind NIC ${request.nic}`;
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
