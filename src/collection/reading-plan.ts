import type { PodName } from '../ledger/record.ts';

/** How pods are read anew. */
export interface ReadingPlan {
  /** Whether all pods of the cluster are listed; nothing else is then to be read. */
  readonly isWhole: boolean;
  /** Namespaces of which all pods are listed. */
  readonly namespaces: readonly string[];
  /** Pods that are read one by one. */
  readonly pods: readonly PodName[];
}

/** How many pods there are, about. */
export interface PodCounts {
  readonly total: number;
  in(namespace: string): number;
}

/** A list costs about as much as so many single readings… */
const readingsOfList = 2;
/** …and each pod in it this part of one. */
const readingsOfListedPod = 1 / 20;

/**
 * How to read these pods with the least work: when a node or a namespace went with all its pods, or a whole cluster did, one list tells
 * of all of them.
 */
export function planReadings(pods: Iterable<PodName>, counts: PodCounts): ReadingPlan {
  const byNamespace = new Map<string, Map<string, PodName>>();
  for (const pod of pods) {
    const names = byNamespace.get(pod.namespace) ?? new Map<string, PodName>();
    names.set(pod.name, pod);
    byNamespace.set(pod.namespace, names);
  }
  const namespaces: string[] = [];
  const single: PodName[] = [];
  let cost = 0;
  for (const [namespace, names] of byNamespace) {
    // Counting is left alone for what is few anyway.
    const listCost =
      names.size > readingsOfList ? costOfList(counts.in(namespace)) : Number.POSITIVE_INFINITY;
    cost += Math.min(names.size, listCost);
    if (names.size > listCost) namespaces.push(namespace);
    else single.push(...names.values());
  }
  const isWhole = byNamespace.size > 1 && cost > costOfList(counts.total);
  return isWhole ? { isWhole, namespaces: [], pods: [] } : { isWhole, namespaces, pods: single };
}

function costOfList(pods: number): number {
  return readingsOfList + pods * readingsOfListedPod;
}
