import { parseCidr } from '../ip/cidr.ts';
import { mergeRangeTexts } from '../ip/range-set.ts';
import { poolCidrLabel, poolFinalizer } from './names.ts';
import type { ObjectMeta, SpiderIPPool, SpiderIPPoolSpec } from './resources.ts';

/** How much is filled in. */
export interface DefaultPoolOptions {
  /**
   * Also sets what only a stored object carries: the finalizer and the label `ippool-cidr`. Admission wants them; an agent
   * that computes with the pool does not. @default false
   */
  readonly storedFields?: boolean;
}

/**
 * Fills in what the user left out, as admission of the original does: `ipVersion` from the subnet, `default` and `disable`
 * false, `ips` and `excludeIPs` of several entries merged into canonical ranges. Never fails: what can't be read stays as it
 * is, and validation names it. Idempotent. With `storedFields` a pool that is being deleted stays untouched.
 */
export function defaultPool(pool: SpiderIPPool, options: DefaultPoolOptions = {}): SpiderIPPool {
  const stored = options.storedFields === true;
  if (stored && pool.metadata.deletionTimestamp !== undefined) return pool;
  const metadata = stored ? withStoredFields(pool.metadata, pool.spec.subnet) : pool.metadata;
  return { ...pool, metadata, spec: defaultSpec(pool.spec) };
}

/** A subnet as the label `ippool-cidr` spells it: `10.6.0.0/16` is `10-6-0-0-16`, `fd00:db8::/64` is `fd00-db8---64`. */
export function subnetLabelValue(subnet: string): string {
  return subnet.replaceAll(/[.:/]/g, '-');
}

function withStoredFields(metadata: ObjectMeta, subnet: string): ObjectMeta {
  const finalizers = metadata.finalizers ?? [];
  return {
    ...metadata,
    finalizers: finalizers.includes(poolFinalizer) ? finalizers : [...finalizers, poolFinalizer],
    ...(parseCidr(subnet) && { labels: { ...metadata.labels, [poolCidrLabel]: subnetLabelValue(subnet) } }),
  };
}

function defaultSpec(spec: SpiderIPPoolSpec): SpiderIPPoolSpec {
  const filled = { ...spec, default: spec.default ?? false, disable: spec.disable ?? false };
  const family = spec.ipVersion ?? parseCidr(spec.subnet)?.family;
  if (family === undefined) return filled;
  return {
    ...filled,
    ipVersion: family,
    ...(spec.ips && { ips: mergeRangeTexts(family, spec.ips) ?? spec.ips }),
    ...(spec.excludeIPs && { excludeIPs: mergeRangeTexts(family, spec.excludeIPs) ?? spec.excludeIPs }),
  };
}
