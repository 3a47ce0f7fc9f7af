import type { AllocationRecord, PodName } from '../ledger/record.ts';

/** Namespace and name of an endpoint as one text, which neither can be mistaken in: names have no slash. */
export type EndpointKey = `${string}/${string}`;

/** The key of the endpoint of this namespace and name. */
export function endpointKey({ namespace, name }: PodName): EndpointKey {
  return `${namespace}/${name}`;
}

/** The namespace and name of a key. */
export function endpointName(key: EndpointKey): PodName {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Which endpoint shows a record: that of its owner, whose name is the pod's for a StatefulSet and the virtual machine
 * instance's for KubeVirt, else that of its newest holder's pod. Undefined when the record names no pod.
 */
export function endpointOfRecord({ owner, holders }: AllocationRecord): EndpointKey | undefined {
  const named = owner ?? holders.at(-1)?.pod;
  if (named === undefined || named.namespace === '' || named.name === '') return undefined;
  return endpointKey(named);
}
