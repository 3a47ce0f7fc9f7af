import type { RangeSet } from '../ip/range-set.ts';
import { parseControlledPools } from './controlled-pools.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { apiGroup, ownerApplicationNameLabel, ownerSubnetLabel } from './names.ts';
import { isSameNetwork, networkFacts } from './network-facts.ts';
import { quote } from './quote.ts';
import { describeRanges } from './range-lists.ts';
import type { ObjectMeta, OwnerReference, SpiderIPPool, SpiderSubnet } from './resources.ts';
import { apiVersion } from './resources.ts';

/**
 * Gives a pool to the SpiderSubnet of its network, if there is one: owner reference, label, and the gateway and routes that the
 * pool leaves out (an empty list of routes is an answer). A pool that has its subnet, that something else controls, or that
 * is being deleted stays as it is, and a subnet that is being deleted gets no pool. Of several the first by name is taken. Idempotent.
 */
export function adoptPool(pool: SpiderIPPool, subnets: Iterable<SpiderSubnet>): SpiderIPPool {
  const { metadata, spec } = pool;
  const controller = controllerOf(metadata);
  if (metadata.deletionTimestamp !== undefined) return pool;
  if (controller !== undefined && metadata.labels?.[ownerSubnetLabel] === controller.name) return pool;
  const subnet = subnetFor(pool, subnets);
  const owner = subnet && referenceTo(subnet);
  if (owner === undefined || (controller !== undefined && !isSameObject(controller, owner))) return pool;
  const others = (metadata.ownerReferences ?? []).filter((reference) => !isSameObject(reference, owner));
  const { gateway = subnet?.spec.gateway, routes = subnet?.spec.routes } = spec;
  return {
    ...pool,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [ownerSubnetLabel]: owner.name },
      ownerReferences: [...others, owner],
    },
    spec: { ...spec, ...(gateway !== undefined && { gateway }), ...(routes !== undefined && { routes }) },
  };
}

/** Name of the SpiderSubnet that controls a pool; undefined when none does. */
export function controllingSubnet({ metadata }: SpiderIPPool): string | undefined {
  const controller = controllerOf(metadata);
  const isSubnet = controller?.kind === 'SpiderSubnet' && controller.apiVersion.startsWith(`${apiGroup}/`);
  return isSubnet ? controller.name : undefined;
}

/**
 * Checks that a pool has only addresses of the subnet that controls it; a pool that was made for an application has exactly those
 * that the subnet's status says.
 *
 * @param added what the change adds to the pool; undefined without a family
 * @param isChanged whether the pool's addresses are others than before
 */
export function validateOwnedPool(
  pool: SpiderIPPool,
  subnet: SpiderSubnet,
  added: RangeSet | undefined,
  isChanged: boolean,
): FieldError[] {
  const { usable } = networkFacts(pool.spec);
  if (usable === undefined || added === undefined || !isChanged) return [];
  const name = quote(subnet.metadata.name);
  const distributed = networkFacts(subnet.spec).usable;
  const outside = distributed?.family === added.family ? added.subtract(distributed) : added;
  if (!outside.isEmpty) {
    const message = `${describeRanges(outside)} are no addresses of subnet ${name}: remove them from ips, or add them to the ips of the subnet first`;
    return [fieldError('Forbidden', 'spec.ips', message)];
  }
  if (!Object.hasOwn(pool.metadata.labels ?? {}, ownerApplicationNameLabel)) return [];
  const recorded = parseControlledPools(subnet.status?.controlledIPPools, usable.family);
  if (recorded?.get(pool.metadata.name)?.equals(usable)) return [];
  const message = `the addresses of a pool that was made for an application come from subnet ${name}: leave ips and excludeIPs as they are`;
  return [fieldError('Forbidden', 'spec.ips', message)];
}

function subnetFor(pool: SpiderIPPool, subnets: Iterable<SpiderSubnet>): SpiderSubnet | undefined {
  let first: SpiderSubnet | undefined;
  for (const subnet of subnets) {
    if (subnet.metadata.deletionTimestamp !== undefined || !isSameNetwork(subnet.spec, pool.spec)) continue;
    if (first === undefined || subnet.metadata.name < first.metadata.name) first = subnet;
  }
  return first;
}

function referenceTo({ metadata: { name, uid } }: SpiderSubnet): OwnerReference | undefined {
  if (uid === undefined) return undefined;
  return { apiVersion, kind: 'SpiderSubnet', name, uid, controller: true, blockOwnerDeletion: true };
}

function controllerOf({ ownerReferences = [] }: ObjectMeta): OwnerReference | undefined {
  return ownerReferences.find(({ controller }) => controller === true);
}

function isSameObject(a: OwnerReference, b: OwnerReference): boolean {
  return a.kind === b.kind && a.name === b.name && a.uid === b.uid;
}
