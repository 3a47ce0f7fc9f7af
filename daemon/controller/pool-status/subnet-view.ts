import { saturatedCount } from '../../../src/api/count.ts';
import { isObject } from '../../../src/api/decode.ts';
import { readableRanges } from '../../../src/api/range-lists.ts';
import { type ObjectMetadata, parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import { parseCidr } from '../../../src/ip/cidr.ts';

/** A SpiderSubnet as the leader holds it. */
export interface SubnetView extends ObjectMetadata {
  readonly finalizers: readonly string[];
  /** Addresses of `ips` without `excludeIPs`; undefined when the subnet can't be read. */
  readonly total: bigint | undefined;
  /** `status` as it stands. */
  readonly status: Readonly<Record<string, unknown>>;
}

/**
 * Reads a SpiderSubnet of the API server.
 *
 * @throws MalformedObjectError when it is no object of an API server
 */
export function parseSubnetView(object: unknown): SubnetView {
  const parsed = parseMetadata(object);
  const { metadata, spec, status } = isObject(object) ? object : {};
  const finalizers = isObject(metadata) ? metadata['finalizers'] : undefined;
  return {
    ...parsed,
    finalizers: textsOf(finalizers),
    total: isObject(spec) ? totalOf(spec) : undefined,
    status: isObject(status) ? status : {},
  };
}

function totalOf(spec: Readonly<Record<string, unknown>>): bigint | undefined {
  const { subnet, ips, excludeIPs } = spec;
  const cidr = typeof subnet === 'string' ? parseCidr(subnet) : undefined;
  if (cidr === undefined) return undefined;
  const addresses = readableRanges(cidr.family, textsOf(ips));
  return saturatedCount(addresses.subtract(readableRanges(cidr.family, textsOf(excludeIPs))).size);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
