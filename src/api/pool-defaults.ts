import { blocksLedger, ledgerAnnotation, poolCidrLabel, poolFinalizer } from './names.ts';
import { defaultNetwork, withStoredFields } from './network-defaults.ts';
import { hasOriginalRecords } from './original-records.ts';
import type { SpiderIPPool } from './resources.ts';

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
  const { metadata, spec } = pool;
  if (stored && metadata.deletionTimestamp !== undefined) return pool;
  const names = { finalizer: poolFinalizer, cidrLabel: poolCidrLabel };
  return {
    ...pool,
    metadata: stored ? withStoredFields(metadata, spec.subnet, names) : metadata,
    spec: defaultNetwork({ ...spec, default: spec.default ?? false, disable: spec.disable ?? false }),
  };
}

/**
 * Says of a new pool that its records are in address blocks from its beginning: what the controller will write to
 * `status.allocatedIPs` is then not taken for records of the original. A pool that comes with such records stays as it is.
 */
export function markNewPool(pool: SpiderIPPool): SpiderIPPool {
  const { metadata } = pool;
  if (metadata.annotations?.[ledgerAnnotation] !== undefined || hasOriginalRecords(pool)) return pool;
  const annotations = { ...metadata.annotations, [ledgerAnnotation]: blocksLedger };
  return { ...pool, metadata: { ...metadata, annotations } };
}
