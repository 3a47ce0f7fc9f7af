import { randomBytes } from 'node:crypto';
import { sanitizeText } from '../../src/cni/sanitize-text.ts';
import type { PodName } from '../../src/ledger/record.ts';

/** Reasons in the style of the kubelet's: constant, for filters. */
export type PodEventReason = 'IPAllocationFailed' | 'IPConflict';

/** One cause that concerned one pod, as often as it happened. */
export interface PodEvent {
  readonly pod: PodName & { readonly uid: string };
  readonly reason: PodEventReason;
  readonly message: string;
  readonly count: number;
  /** In milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly node: string;
}

/** Bytes of an event's message (Kubernetes refuses longer ones in its newer API, events.k8s.io). */
const messageBytesMax = 1024;

/** Kubernetes: names have at most 253 characters; a dot and 16 digits follow. */
const namePartMax = 253 - 17;

/** Text as an event carries it: printable, and cut between two characters where it is too long. */
export function eventText(text: string): string {
  const safe = sanitizeText(text);
  if (Buffer.byteLength(safe) <= messageBytesMax) return safe;
  const ellipsis = '…';
  const room = new Uint8Array(messageBytesMax - Buffer.byteLength(ellipsis));
  const { read } = new TextEncoder().encodeInto(safe, room);
  return `${safe.slice(0, read)}${ellipsis}`;
}

/** The event as an object of the API, core/v1 Event. */
export function eventObject(event: PodEvent, name = eventName(event.pod.name)) {
  const { pod, reason, message, count, firstMs, lastMs, node } = event;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: pod.namespace },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: pod.namespace,
      name: pod.name,
      ...(pod.uid !== '' && { uid: pod.uid }),
    },
    type: 'Warning',
    reason,
    message,
    count,
    firstTimestamp: timestamp(firstMs),
    lastTimestamp: timestamp(lastMs),
    source: { component: 'spiderpool-agent', host: node },
    reportingComponent: 'spiderpool-agent',
    reportingInstance: node,
  };
}

/** A name that nothing else has, beginning with the pod's as names of events do. */
function eventName(podName: string): string {
  // A cut may leave a dot or a hyphen at the end, which no part of a name may have.
  const start = podName.slice(0, namePartMax).replace(/[^a-z0-9]+$/, '');
  return `${start}.${randomBytes(8).toString('hex')}`;
}

/** As Kubernetes' metav1.Time: RFC 3339 in UTC, whole seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
