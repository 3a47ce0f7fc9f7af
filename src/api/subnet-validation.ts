import type { Family } from '../ip/address.ts';
import { cidrsOverlap } from '../ip/cidr.ts';
import type { RangeSet } from '../ip/range-set.ts';
import { addedErrors } from './added-errors.ts';
import { parseControlledPools } from './controlled-pools.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { subnetFinalizer } from './names.ts';
import { addedAddresses, isCrossing, isSameNetwork, networkFacts, sharedAddresses } from './network-facts.ts';
import { validateAddresses, validateFamily, validateSubnet } from './pool-rules.ts';
import { quote } from './quote.ts';
import { describeRanges } from './range-lists.ts';
import type { SpiderIPPool, SpiderSubnet } from './resources.ts';
import { isReleased, validateDeleting, validateImmutable } from './stored-object-rules.ts';
import { defaultSubnet } from './subnet-defaults.ts';
import { validateTexts } from './text-rule.ts';

/** What validation needs to know besides the subnet. */
export interface SubnetContext {
  /** The families that the configuration switches on. */
  readonly families: readonly Family[];
  /** Stored subnets, at least those that share addresses or the name; the subnet itself may be among them on update. */
  readonly otherSubnets: readonly SpiderSubnet[];
  /** Stored pools, at least those that share addresses with the network. */
  readonly pools: readonly SpiderIPPool[];
}

/** Checks a defaulted SpiderSubnet by the rules that need no other object. */
export function validateSpiderSubnet(
  { metadata, spec }: SpiderSubnet,
  families: readonly Family[],
): FieldError[] {
  const errors = [...validateFamily(spec.ipVersion, families), ...validateSubnet(spec)];
  const { subnet } = networkFacts(spec);
  if (subnet && subnet.family === spec.ipVersion) errors.push(...validateAddresses(spec, subnet));
  const reported = new Set(errors.map((error) => error.path));
  const { labels, finalizers } = metadata;
  const texts = [...validateTexts({ labels, finalizers }, 'metadata'), ...validateTexts(spec, 'spec')];
  return [...errors, ...texts.filter((error) => !reported.has(error.path))];
}

/**
 * Checks a defaulted SpiderSubnet that is about to be created: no other subnet shares its network, and the pools of the network have
 * only addresses that it distributes. A name that is taken is the only error then, as with pools.
 */
export function validateSubnetCreate(subnet: SpiderSubnet, context: SubnetContext): FieldError[] {
  const { name } = subnet.metadata;
  if (context.otherSubnets.some((other) => other.metadata.name === name)) {
    const message = `subnet ${quote(name)} exists already: write another name`;
    return [fieldError('Duplicate', 'metadata.name', message)];
  }
  return [
    ...validateSpiderSubnet(subnet, context.families),
    ...validateOtherSubnets(subnet, context.otherSubnets),
    ...validatePools(subnet, context.pools),
  ];
}

/**
 * Checks a change of a SpiderSubnet, both sides defaulted. Refused is only what the change makes worse, as with pools; of the addresses
 * those that are taken away must be of no pool.
 */
export function validateSubnetUpdate(
  old: SpiderSubnet,
  updated: SpiderSubnet,
  context: SubnetContext,
): FieldError[] {
  if (isReleased(updated.metadata, subnetFinalizer)) return [];
  const fixed = [
    ...validateDeleting('subnet', updated.metadata, defaultSubnet(old).spec, defaultSubnet(updated).spec),
    ...validateImmutable('subnet', old.spec, updated.spec),
  ];
  if (fixed.length > 0) return fixed;
  const own = addedErrors(
    validateSpiderSubnet(old, context.families),
    validateSpiderSubnet(updated, context.families),
  );
  const removed = addedAddresses(networkFacts(updated.spec).usable, networkFacts(old.spec).usable);
  return removed === undefined || removed.isEmpty
    ? own
    : [...own, ...validateRemoved(removed, updated, context)];
}

function validateOtherSubnets(subnet: SpiderSubnet, others: readonly SpiderSubnet[]): FieldError[] {
  const own = networkFacts(subnet.spec);
  const errors: FieldError[] = [];
  for (const other of others) {
    const { subnet: network, canonical } = networkFacts(other.spec);
    if (own.subnet === undefined || network === undefined || !cidrsOverlap(own.subnet, network)) continue;
    const message = `${own.canonical} overlaps ${canonical} of subnet ${quote(other.metadata.name)}: write one that does not overlap it, or change that subnet`;
    errors.push(fieldError('Invalid', 'spec.subnet', message));
  }
  return errors;
}

function validatePools({ spec }: SpiderSubnet, pools: readonly SpiderIPPool[]): FieldError[] {
  const { canonical, usable } = networkFacts(spec);
  const errors: FieldError[] = [];
  for (const pool of pools) {
    const facts = networkFacts(pool.spec);
    const name = quote(pool.metadata.name);
    if (isCrossing(spec, pool.spec)) {
      const message = `${canonical} overlaps ${facts.canonical} of pool ${name}: write exactly that subnet, or one that does not overlap it`;
      errors.push(fieldError('Invalid', 'spec.subnet', message));
    }
    if (!isSameNetwork(spec, pool.spec) || facts.usable?.family !== usable?.family) continue;
    const uncovered = addedAddresses(usable, facts.usable);
    if (uncovered === undefined || uncovered.isEmpty) continue;
    const message = `${describeRanges(uncovered)} belong to pool ${name} of this network: add them to ips, and keep them out of excludeIPs`;
    errors.push(fieldError('Invalid', 'spec.ips', message));
  }
  return errors;
}

/** Checks that no pool has the addresses that are taken away, neither by its own word nor by the subnet's status. */
function validateRemoved(removed: RangeSet, subnet: SpiderSubnet, context: SubnetContext): FieldError[] {
  const taken = new Map<string, RangeSet>();
  const note = (name: string, shared: RangeSet | undefined): void => {
    if (shared !== undefined && !shared.isEmpty) taken.set(name, taken.get(name)?.union(shared) ?? shared);
  };
  for (const pool of context.pools) {
    if (isSameNetwork(pool.spec, subnet.spec)) note(pool.metadata.name, sharedAddresses(removed, pool.spec));
  }
  const recorded = parseControlledPools(subnet.status?.controlledIPPools, removed.family);
  if (recorded === undefined) {
    const message =
      "status.controlledIPPools can't be read, so which addresses pools have is not known: keep them all in ips";
    return [fieldError('Forbidden', 'spec.ips', message)];
  }
  for (const [name, addresses] of recorded) note(name, addresses.intersect(removed));
  return Array.from(taken, ([name, shared]) => {
    const message = `${describeRanges(shared)} belong to pool ${quote(name)}: keep them in ips and out of excludeIPs until the pool is without them`;
    return fieldError('Forbidden', 'spec.ips', message);
  });
}
