import type { CniError } from '../../src/cni/error.ts';
import type { KubeApi } from '../../src/kube/kube-api.ts';
import type { PodName } from '../../src/ledger/record.ts';
import type { Logger } from '../../src/log/logger.ts';
import { ObjectEvents } from '../process/object-events.ts';

/** Reasons in the style of the kubelet's: constant, for filters. */
type PodEventReason = 'IPAllocationFailed' | 'IPConflict';

/** The pod of an event. */
export interface EventPod extends PodName {
  /** `metadata.uid`; empty when it is not known. */
  readonly uid: string;
}

export interface PodEventsOptions {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly log: Logger;
  /** The least time between two writes of one event, in milliseconds. @default 10_000 */
  readonly writeEveryMs?: number;
}

/** Tells pods' owners what went wrong, as Kubernetes events of the pod. */
export class PodEvents {
  readonly #events: ObjectEvents;

  constructor({ nodeName, ...options }: PodEventsOptions) {
    const reporter = { component: 'spiderpool-agent', instance: nodeName, host: nodeName };
    this.#events = new ObjectEvents({ ...options, reporter });
  }

  /** An ADD of this pod was refused. Refusals of one code are one event, whose message is the newest. */
  refused(pod: EventPod, error: CniError): void {
    this.#warn(pod, 'IPAllocationFailed', error.message, String(error.code));
  }

  /** Another record than this pod's stands for its address. */
  conflict(pod: EventPod, text: string): void {
    this.#warn(pod, 'IPConflict', text, text);
  }

  /** Writes events until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.#events.run(signal);
  }

  #warn({ namespace, name, uid }: EventPod, reason: PodEventReason, message: string, cause: string): void {
    const involved = { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
    this.#events.tell(involved, { type: 'Warning', reason, message, cause });
  }
}
