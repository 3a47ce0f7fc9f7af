/**
 * Keys and names that stand in stored objects, shared with the original: whoever changes one breaks existing clusters.
 */

/** API group of all resources; see `apiVersion` in resources.ts. */
export const apiGroup = 'spiderpool.spidernet.io';

/** Finalizer that keeps a SpiderIPPool until its last address is released. */
export const poolFinalizer = 'spiderpool.spidernet.io';

/** Label of a SpiderIPPool: its subnet, spelled so that a label may carry it. */
export const poolCidrLabel = 'ipam.spidernet.io/ippool-cidr';

/** Label that only pools have which were made for an application (auto pools). */
export const ownerApplicationNameLabel = 'ipam.spidernet.io/owner-application-name';

/** The `matchLabels` keys of an auto pool's podAffinity: they name the owning application. */
export const applicationAffinityKeys = [
  'ipam.spidernet.io/app-api-group',
  'ipam.spidernet.io/app-api-version',
  'ipam.spidernet.io/app-kind',
  'ipam.spidernet.io/app-namespace',
  'ipam.spidernet.io/app-name',
] as const;

/** Annotation of a SpiderIPPool: how long a released address rests before it is used again. */
export const reuseDelayAnnotation = 'ipam.spidernet.io/reuse-delay';
