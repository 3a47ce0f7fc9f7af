import { parseCidr } from '../ip/cidr.ts';
import { mergeRangeTexts } from '../ip/range-set.ts';
import type { NetworkSpec, ObjectMeta } from './resources.ts';

/** A subnet as labels spell it: `10.6.0.0/16` is `10-6-0-0-16`, `fd00:db8::/64` is `fd00-db8---64`. */
export function subnetLabelValue(subnet: string): string {
  return subnet.replaceAll(/[.:/]/g, '-');
}

/** Adds what only a stored object carries: the finalizer, and the label that names its subnet if it is one. */
export function withStoredFields(
  metadata: ObjectMeta,
  subnet: string,
  names: { readonly finalizer: string; readonly cidrLabel: string },
): ObjectMeta {
  const finalizers = metadata.finalizers ?? [];
  const { finalizer, cidrLabel } = names;
  return {
    ...metadata,
    finalizers: finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer],
    ...(parseCidr(subnet) && { labels: { ...metadata.labels, [cidrLabel]: subnetLabelValue(subnet) } }),
  };
}

/** Takes `ipVersion` from the subnet, and merges `ips` and `excludeIPs` of several entries into canonical ranges. */
export function defaultNetwork<T extends NetworkSpec>(spec: T): T {
  const family = spec.ipVersion ?? parseCidr(spec.subnet)?.family;
  if (family === undefined) return spec;
  return {
    ...spec,
    ipVersion: family,
    ...(spec.ips && { ips: mergeRangeTexts(family, spec.ips) ?? spec.ips }),
    ...(spec.excludeIPs && { excludeIPs: mergeRangeTexts(family, spec.excludeIPs) ?? spec.excludeIPs }),
  };
}
