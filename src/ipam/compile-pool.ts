import { InvariantError } from '../api/invariant-error.ts';
import { ownerApplicationNameLabel, reuseDelayAnnotation } from '../api/names.ts';
import { hasOriginalRecords, isInBlocks } from '../api/original-records.ts';
import type { RouteSpec, SpiderIPPool, SpiderReservedIP } from '../api/resources.ts';
import { defaultReuseDelayMs, parseReuseDelayMs } from '../api/reuse-delay.ts';
import type { Route } from '../cni/result.ts';
import type { Address, Family } from '../ip/address.ts';
import { parseAddressOf } from '../ip/address.ts';
import type { AddressRange } from '../ip/address-range.ts';
import type { Cidr } from '../ip/cidr.ts';
import { parseCidr } from '../ip/cidr.ts';
import { parseRange } from '../ip/range.ts';
import { RangeSet } from '../ip/range-set.ts';
import type { Pool } from './pool.ts';

/** The addresses that no pod may get, by family. */
export interface ReservedAddresses {
  readonly 4: RangeSet;
  readonly 6: RangeSet;
}

/**
 * Parses the texts of a pool once.
 *
 * @param resource a defaulted pool that `validatePool` accepts
 * @throws InvariantError when a text can't be read, which validation would have told
 */
export function compilePool(resource: SpiderIPPool): Pool {
  const { metadata, spec } = resource;
  const family = spec.ipVersion ?? refuse(metadata.name, 'ipVersion', 'nothing');
  const subnet = compileCidr(spec.subnet, family, metadata.name);
  return {
    name: metadata.name,
    family,
    subnet,
    addresses: compileRanges(spec.ips, family, metadata.name),
    excluded: compileRanges(spec.excludeIPs, family, metadata.name),
    ...(spec.gateway !== undefined && { gateway: compileAddress(spec.gateway, family, metadata.name) }),
    routes: (spec.routes ?? []).map((route) => compileRoute(route, family, metadata.name)),
    disabled: spec.disable ?? false,
    deleting: metadata.deletionTimestamp !== undefined,
    isDefault: spec.default ?? false,
    ...(spec.podAffinity && { podAffinity: spec.podAffinity }),
    ...(spec.namespaceAffinity && { namespaceAffinity: spec.namespaceAffinity }),
    ...(spec.nodeAffinity && { nodeAffinity: spec.nodeAffinity }),
    namespaceNames: spec.namespaceName ?? [],
    nodeNames: spec.nodeName ?? [],
    multusNames: spec.multusName ?? [],
    reuseDelayMs: compileReuseDelay(metadata.annotations?.[reuseDelayAnnotation], metadata.name),
    isAutoPool: metadata.labels?.[ownerApplicationNameLabel] !== undefined,
    hasOriginalRecords: hasOriginalRecords(resource),
    isInBlocks: isInBlocks(metadata),
  };
}

/**
 * Joins SpiderReservedIPs into one set for each family. One that is being deleted still counts: it reserves until it is gone.
 *
 * @param resources defaulted, and accepted by `validateReservedIp`
 * @throws InvariantError when a text can't be read, which validation would have told
 */
export function reservedAddresses(resources: readonly SpiderReservedIP[]): ReservedAddresses {
  return { 4: reservedOf(4, resources), 6: reservedOf(6, resources) };
}

function reservedOf(family: Family, resources: readonly SpiderReservedIP[]): RangeSet {
  const ofFamily = resources.filter((resource) => resource.spec.ipVersion === family);
  const ranges = ofFamily.flatMap(({ metadata, spec }) =>
    (spec.ips ?? []).map((text) => compileRange(text, family, metadata.name)),
  );
  return RangeSet.of(family, ranges);
}

function compileRanges(texts: readonly string[] | undefined, family: Family, owner: string): RangeSet {
  return RangeSet.of(
    family,
    (texts ?? []).map((text) => compileRange(text, family, owner)),
  );
}

function compileRange(text: string, family: Family, owner: string): AddressRange {
  const parsed = parseRange(family, text);
  return parsed.ok ? parsed.range : refuse(owner, 'a range', text);
}

function compileCidr(text: string, family: Family, owner: string): Cidr {
  const cidr = parseCidr(text);
  return cidr?.family === family ? cidr : refuse(owner, `an IPv${family} subnet`, text);
}

function compileAddress(text: string, family: Family, owner: string): Address {
  return parseAddressOf(family, text) ?? refuse(owner, `an IPv${family} address`, text);
}

function compileRoute(route: RouteSpec, family: Family, owner: string): Route {
  return {
    destination: compileCidr(route.dst, family, owner),
    gateway: compileAddress(route.gw, family, owner),
  };
}

function compileReuseDelay(text: string | undefined, owner: string): number {
  if (text === undefined) return defaultReuseDelayMs;
  return parseReuseDelayMs(text) ?? refuse(owner, 'a delay', text);
}

function refuse(owner: string, expected: string, text: string): never {
  throw new InvariantError(
    `${JSON.stringify(owner)} was not validated: expected ${expected}, found ${JSON.stringify(text)}`,
  );
}
