import { createHash } from 'node:crypto';
import { isObject } from '../../../src/api/decode.ts';
import { type ObjectMetadata, parseMetadata } from '../../../src/cluster/kubernetes/object-metadata.ts';
import { readStoredPool, type StoredPool } from '../../../src/cluster/kubernetes/stored-pool.ts';

/** A pool as the leader holds it: without `status.allocatedIPs`, which may have hundreds of kilobytes. */
export interface PoolView extends ObjectMetadata {
  readonly finalizers: readonly string[];
  /** The pool as decisions use it, or why they can't. */
  readonly stored: StoredPool;
  /** `status` as it stands, but for `allocatedIPs`. */
  readonly status: Readonly<Record<string, unknown>>;
  /** {@link allocatedHash} of `status.allocatedIPs`; undefined when it is not set. */
  readonly allocatedIPsHash: string | undefined;
}

/**
 * Reads a SpiderIPPool of the API server.
 *
 * @throws MalformedObjectError when it is no object of an API server
 */
export function parsePoolView(object: unknown): PoolView {
  const metadata = parseMetadata(object);
  const { metadata: rawMetadata, status: rawStatus } = isObject(object) ? object : {};
  const finalizers = isObject(rawMetadata) ? rawMetadata['finalizers'] : undefined;
  const { allocatedIPs, ...status } = isObject(rawStatus) ? rawStatus : {};
  return {
    ...metadata,
    finalizers: Array.isArray(finalizers) ? finalizers.filter((one) => typeof one === 'string') : [],
    stored: readStoredPool(object),
    status,
    allocatedIPsHash: typeof allocatedIPs === 'string' ? allocatedHash(allocatedIPs) : undefined,
  };
}

/** What stands for a text of `status.allocatedIPs`. */
export function allocatedHash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
