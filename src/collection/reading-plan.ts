import type { PodName } from '../ledger/record.ts';

/** How pods are read anew. */
export interface ReadingPlan {
  /** Namespaces of which all pods are listed. */
  readonly namespaces: readonly string[];
  /** Pods that are read one by one. */
  readonly pods: readonly PodName[];
}

/** A page of a list costs about as much as so many single readings… */
const readingsOfList = 8;
/** …and each pod in it this part of one. */
const readingsOfListedPod = 1 / 20;

/**
 * How to read these pods with the least work: when a node or a namespace went with all its pods, one list tells of all of them.
 *
 * @param podsIn about how many pods a namespace has
 */
export function planReadings(pods: Iterable<PodName>, podsIn: (namespace: string) => number): ReadingPlan {
  const byNamespace = new Map<string, Map<string, PodName>>();
  for (const pod of pods) {
    const names = byNamespace.get(pod.namespace) ?? new Map<string, PodName>();
    names.set(pod.name, pod);
    byNamespace.set(pod.namespace, names);
  }
  const namespaces: string[] = [];
  const single: PodName[] = [];
  for (const [namespace, names] of byNamespace) {
    const isList =
      names.size > readingsOfList && names.size > readingsOfList + podsIn(namespace) * readingsOfListedPod;
    if (isList) namespaces.push(namespace);
    else single.push(...names.values());
  }
  return { namespaces, pods: single };
}
