import type { Address, Family } from '../ip/address.ts';
import { formatAddress } from '../ip/address.ts';
import type { RangeSet } from '../ip/range-set.ts';
import { addedErrors } from './added-errors.ts';
import type { FieldError } from './field-error.ts';
import { fieldError } from './field-error.ts';
import { keyPath } from './field-path.ts';
import { poolFinalizer, reuseDelayAnnotation } from './names.ts';
import { addedAddresses, isCrossing, isSameNetwork, networkFacts, sharedAddresses } from './network-facts.ts';
import { defaultPool } from './pool-defaults.ts';
import { validateAddresses, validateAffinities, validateFamily, validateSubnet } from './pool-rules.ts';
import { quote } from './quote.ts';
import { describeRanges } from './range-lists.ts';
import type { ObjectMeta, SpiderIPPool, SpiderSubnet } from './resources.ts';
import { parseReuseDelayMs } from './reuse-delay.ts';
import { isReleased, validateDeleting, validateImmutable } from './stored-object-rules.ts';
import { validateOwnedPool } from './subnet-ownership.ts';
import { validateTexts } from './text-rule.ts';

/** Used addresses that one answer names, each in an error of its own; one more error counts the others. */
const namedAddressesMax = 10;

/** What validation needs to know besides the pool. */
export interface PoolContext {
  /** The families that the configuration switches on. */
  readonly families: readonly Family[];
  /** Stored pools, at least those that share addresses or the name; the pool itself may be among them on update. */
  readonly otherPools: readonly SpiderIPPool[];
  /** The SpiderSubnet that controls the pool; undefined when none does, or the feature is off. */
  readonly owner?: SpiderSubnet | undefined;
}

/** An address of the pool that is in use. */
export interface AllocatedAddress {
  readonly address: Address;
  /** Who uses it, `namespace/name`. */
  readonly pod: string;
}

export interface PoolUpdateContext extends PoolContext {
  /** The addresses of the pool that are in use. */
  readonly allocated: Iterable<AllocatedAddress>;
}

/**
 * Checks a defaulted pool by the rules that need no other object. All errors are collected; where the subnet or the family
 * is wrong, addresses are not looked at.
 */
export function validatePool(pool: SpiderIPPool, families: readonly Family[]): FieldError[] {
  const { spec } = pool;
  const errors = [...validateFamily(spec.ipVersion, families), ...validateSubnet(spec)];
  const { subnet } = networkFacts(spec);
  if (subnet && subnet.family === spec.ipVersion) errors.push(...validateAddresses(spec, subnet));
  errors.push(...validateAffinities(pool), ...validateReuseDelay(pool.metadata));
  const { labels, finalizers } = pool.metadata;
  const reported = new Set(errors.map((error) => error.path));
  const texts = [...validateTexts({ labels, finalizers }, 'metadata'), ...validateTexts(spec, 'spec')];
  return [...errors, ...texts.filter((error) => !reported.has(error.path))];
}

/**
 * Checks a defaulted pool that is about to be created: `validatePool`, and that it does not collide with another pool.
 * A name that is taken, by a pool of either family, is one error of type Duplicate at `metadata.name` and the only one:
 * admission answers it with AlreadyExists (409), everything else with Invalid (422).
 */
export function validatePoolCreate(pool: SpiderIPPool, context: PoolContext): FieldError[] {
  const { name } = pool.metadata;
  if (context.otherPools.some((other) => other.metadata.name === name)) {
    const message = `pool ${quote(name)} exists already: write another name`;
    return [fieldError('Duplicate', 'metadata.name', message)];
  }
  const { usable: addresses } = networkFacts(pool.spec);
  return [
    ...validatePool(pool, context.families),
    ...validateSubnets(pool, context.otherPools),
    ...validateOwnership(addresses, pool, context.otherPools),
    ...validateOwner(pool, context, addresses, true),
  ];
}

/**
 * Checks a change of a pool, both sides defaulted. Refused is only what the change makes worse: rules that the old version
 * broke in the same way do not count, of addresses only those that are added must be free of other pools, and only those
 * that are taken away must be unused. `ipVersion` and `subnet` never change, except that a subnet may be respelled
 * canonically; a pool that is being deleted keeps its spec until its finalizer is gone.
 */
export function validatePoolUpdate(
  old: SpiderIPPool,
  updated: SpiderIPPool,
  context: PoolUpdateContext,
): FieldError[] {
  if (isReleased(updated.metadata, poolFinalizer)) return [];
  const fixed = [
    ...validateDeleting('pool', updated.metadata, defaultPool(old).spec, defaultPool(updated).spec),
    ...validateImmutable('pool', old.spec, updated.spec),
  ];
  if (fixed.length > 0) return fixed;
  const own = addedErrors(validatePool(old, context.families), validatePool(updated, context.families));
  const before = networkFacts(old.spec).usable;
  const after = networkFacts(updated.spec).usable;
  if (after === undefined) return own;
  const added = addedAddresses(before, after);
  const isChanged = before === undefined || !before.equals(after);
  return [
    ...own,
    ...validateOwnership(added, updated, context.otherPools),
    ...validateOwner(updated, context, added, isChanged),
    ...validateAllocated(before, after, context.allocated),
  ];
}

function validateReuseDelay(metadata: ObjectMeta): FieldError[] {
  const text = metadata.annotations?.[reuseDelayAnnotation];
  if (text === undefined || parseReuseDelayMs(text) !== undefined) return [];
  const message = `${quote(text)} is not a delay: write a duration such as "30s", "5m" or "1h30m", or a number of seconds`;
  return [fieldError('Invalid', keyPath('metadata.annotations', reuseDelayAnnotation), message)];
}

/** Checks that the subnet is that of other pools, or shares nothing with theirs. */
function validateSubnets(pool: SpiderIPPool, others: readonly SpiderIPPool[]): FieldError[] {
  const own = networkFacts(pool.spec).canonical;
  return others
    .filter((other) => isCrossing(pool.spec, other.spec))
    .map((other) => {
      const { canonical } = networkFacts(other.spec);
      const message = `${own} overlaps ${canonical} of pool ${quote(other.metadata.name)}: write exactly that subnet, or one that does not overlap it`;
      return fieldError('Invalid', 'spec.subnet', message);
    });
}

/** Checks that no pool of the same subnet hands out the addresses already. */
function validateOwnership(
  addresses: RangeSet | undefined,
  pool: SpiderIPPool,
  others: readonly SpiderIPPool[],
): FieldError[] {
  if (addresses === undefined || addresses.isEmpty) return [];
  const errors: FieldError[] = [];
  for (const other of others) {
    if (other.metadata.name === pool.metadata.name || !isSameNetwork(other.spec, pool.spec)) continue;
    const shared = sharedAddresses(addresses, other.spec);
    if (shared === undefined) continue;
    const message = `${describeRanges(shared)} belong to pool ${quote(other.metadata.name)}: remove them from ips, or add them to excludeIPs`;
    errors.push(fieldError('Forbidden', 'spec.ips', message));
  }
  return errors;
}

/** Checks the pool against the SpiderSubnet that controls it. */
function validateOwner(
  pool: SpiderIPPool,
  { owner }: PoolContext,
  added: RangeSet | undefined,
  isChanged: boolean,
): FieldError[] {
  return owner === undefined ? [] : validateOwnedPool(pool, owner, added, isChanged);
}

function validateAllocated(
  before: RangeSet | undefined,
  after: RangeSet,
  allocated: Iterable<AllocatedAddress>,
): FieldError[] {
  const errors: FieldError[] = [];
  let unnamed = 0;
  for (const { address, pod } of allocated) {
    if (after.contains(address) || (before && !before.contains(address))) continue;
    if (errors.length === namedAddressesMax) {
      unnamed += 1;
      continue;
    }
    const message = `${formatAddress(address)} is used by pod ${quote(pod)}: keep it in ips and out of excludeIPs until the pod is gone`;
    errors.push(fieldError('Forbidden', 'spec.ips', message));
  }
  if (unnamed > 0) {
    const message = `${unnamed} more of its addresses in use: keep them in ips and out of excludeIPs until their pods are gone`;
    errors.push(fieldError('Forbidden', 'spec.ips', message));
  }
  return errors;
}
