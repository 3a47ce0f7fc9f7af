/** `spec` of a pool; every key is as users write it. */
export type PoolSpec = Readonly<Record<string, unknown>>;

const apiVersion = 'spiderpool.spidernet.io/v2beta1';

/** A SpiderIPPool manifest. */
export function poolManifest(name: string, spec: PoolSpec, annotations?: Record<string, string>): object {
  return {
    apiVersion,
    kind: 'SpiderIPPool',
    metadata: { name, ...(annotations && { annotations }) },
    spec,
  };
}

/** A SpiderReservedIP manifest. */
export function reservedManifest(name: string, ips: readonly string[]): object {
  return { apiVersion, kind: 'SpiderReservedIP', metadata: { name }, spec: { ips } };
}
