import { randomBytes } from 'node:crypto';
import { sanitizeText } from '../../src/cni/sanitize-text.ts';

/** What an event is about. */
export interface InvolvedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  /** Empty when it is not known. */
  readonly uid: string;
}

/** Who tells of an event. */
export interface EventReporter {
  /** Such as `spiderpool-agent`. */
  readonly component: string;
  /** Which of them: the name of its node or pod. */
  readonly instance: string;
  /** Name of the node, for what tells of its node. */
  readonly host?: string;
}

/** Kubernetes' two types of events. */
export type EventType = 'Normal' | 'Warning';

/** One cause that concerned one object, as often as it happened. */
export interface ObjectEvent {
  readonly involved: InvolvedObject;
  readonly type: EventType;
  /** In the style of the kubelet's: constant, for filters. */
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** In milliseconds since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Bytes of an event's message (Kubernetes refuses longer ones in its newer API, events.k8s.io). */
const messageBytesMax = 1024;

/** Kubernetes: names have at most 253 characters; a dot and 16 digits follow. */
const namePartMax = 253 - 17;

/** Where Kubernetes wants the events of objects that have no namespace. */
const clusterEventsNamespace = 'default';

/** Text as an event carries it: printable, and cut between two characters where it is too long. */
export function eventText(text: string): string {
  const safe = sanitizeText(text);
  if (Buffer.byteLength(safe) <= messageBytesMax) return safe;
  const ellipsis = '…';
  const room = new Uint8Array(messageBytesMax - Buffer.byteLength(ellipsis));
  const { read } = new TextEncoder().encodeInto(safe, room);
  return `${safe.slice(0, read)}${ellipsis}`;
}

/** The namespace in which the events of an object lie. */
export function eventNamespace({ namespace }: InvolvedObject): string {
  return namespace === '' ? clusterEventsNamespace : namespace;
}

/** The event as an object of the API, core/v1 Event. */
export function eventObject(
  event: ObjectEvent,
  reporter: EventReporter,
  name = eventName(event.involved.name),
) {
  const { involved, type, reason, message, count, firstMs, lastMs } = event;
  const { component, instance, host } = reporter;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: eventNamespace(involved) },
    involvedObject: {
      apiVersion: involved.apiVersion,
      kind: involved.kind,
      ...(involved.namespace !== '' && { namespace: involved.namespace }),
      name: involved.name,
      ...(involved.uid !== '' && { uid: involved.uid }),
    },
    type,
    reason,
    message,
    count,
    firstTimestamp: timestamp(firstMs),
    lastTimestamp: timestamp(lastMs),
    source: { component, ...(host !== undefined && { host }) },
    reportingComponent: component,
    reportingInstance: instance,
  };
}

/** A name that nothing else has, beginning with the object's as names of events do. */
function eventName(objectName: string): string {
  // A cut may leave a dot or a hyphen at the end, which no part of a name may have.
  const start = objectName.slice(0, namePartMax).replace(/[^a-z0-9]+$/, '');
  return `${start}.${randomBytes(8).toString('hex')}`;
}

/** As Kubernetes' metav1.Time: RFC 3339 in UTC, whole seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
