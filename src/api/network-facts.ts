import type { Cidr } from '../ip/cidr.ts';
import { cidrsOverlap, formatCidr, parseCidr } from '../ip/cidr.ts';
import type { RangeSet } from '../ip/range-set.ts';
import { readableRanges } from './range-lists.ts';
import type { NetworkSpec } from './resources.ts';

/** What the texts of a pool or a subnet mean. */
export interface NetworkFacts {
  /** Undefined when the text is no subnet. */
  readonly subnet: Cidr | undefined;
  /** Canonical text of the subnet; undefined when it is none. */
  readonly canonical: string | undefined;
  /** `ips` less `excludeIPs`; undefined without a family. Entries that are no ranges do not count. */
  readonly usable: RangeSet | undefined;
}

/** By the specs themselves, which nobody changes: a new pool is compared with all others, whose texts are read once. */
const known = new WeakMap<NetworkSpec, NetworkFacts>();

/** Reads the texts of a spec, once for each object. */
export function networkFacts(spec: NetworkSpec): NetworkFacts {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const subnet = parseCidr(spec.subnet);
  const family = spec.ipVersion ?? subnet?.family;
  const facts: NetworkFacts = {
    subnet,
    canonical: subnet && formatCidr(subnet),
    usable:
      family === undefined
        ? undefined
        : readableRanges(family, spec.ips).subtract(readableRanges(family, spec.excludeIPs)),
  };
  known.set(spec, facts);
  return facts;
}

/** What a pool or a subnet can hand out: `ips` less `excludeIPs`; undefined without a family. Entries that are no ranges do not count. */
export function usableAddresses(spec: NetworkSpec): RangeSet | undefined {
  return networkFacts(spec).usable;
}

/** Whether both name the same network, however they spell it. */
export function isSameNetwork(a: NetworkSpec, b: NetworkSpec): boolean {
  const { canonical } = networkFacts(a);
  return canonical !== undefined && canonical === networkFacts(b).canonical;
}

/** Whether two networks share addresses without being the same. */
export function isCrossing(a: NetworkSpec, b: NetworkSpec): boolean {
  const [one, other] = [networkFacts(a), networkFacts(b)];
  if (one.subnet === undefined || other.subnet === undefined || one.canonical === other.canonical)
    return false;
  return cidrsOverlap(one.subnet, other.subnet);
}

/** The addresses of a set that another object hands out too; undefined when there is none. */
export function sharedAddresses(addresses: RangeSet, other: NetworkSpec): RangeSet | undefined {
  const { usable } = networkFacts(other);
  if (usable?.family !== addresses.family || !usable.intersects(addresses)) return undefined;
  return usable.intersect(addresses);
}

/** What a change adds to the addresses, or with the arguments exchanged what it takes away; all of them when the family changes. */
export function addedAddresses(
  before: RangeSet | undefined,
  after: RangeSet | undefined,
): RangeSet | undefined {
  return before !== undefined && before.family === after?.family ? after.subtract(before) : after;
}
