import { quoteText } from '../../cni/sanitize-text.ts';
import { deathOf, isPodUid, type PodView } from './pod-view.ts';

/** A pod as a request names it. */
export interface NamedPod {
  readonly namespace: string;
  readonly name: string;
  /** Undefined when the runtime gives none. */
  readonly uid?: string;
}

/** A pod's name as messages show it. */
export function podText({ namespace, name }: NamedPod): string {
  return `pod ${namespace}/${name}`;
}

/**
 * Why a pod gets no addresses on this node; undefined when it may have some.
 *
 * @param pod what the cluster has under this name
 */
export function podRefusal(
  asked: NamedPod,
  pod: PodView | undefined,
  ownNodeName: string,
): string | undefined {
  const text = podText(asked);
  if (pod === undefined) return `${text} does not exist: it was deleted, or its name is wrong`;
  if (asked.uid !== undefined && !isPodUid(pod, asked.uid)) {
    return `${text} with UID ${quoteText(asked.uid)} is gone: the pod that has its name now has UID ${pod.uid}`;
  }
  if (pod.nodeName === undefined) return `${text} is not scheduled to a node yet`;
  if (pod.nodeName !== ownNodeName) return `${text} belongs to node ${pod.nodeName}, this is ${ownNodeName}`;
  const death = deathOf(pod);
  return death === undefined ? undefined : `${text} ${death}: it gets no addresses`;
}
