import type { PodReference } from '../../../src/cluster/cluster.ts';
import type { PodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { CniCode, type CniError } from '../../../src/cni/error.ts';
import type { Holder, PodName } from '../../../src/ledger/record.ts';
import type { Aftermath } from '../aftermath.ts';
import type { AllocatedAddress } from '../allocated-address.ts';
import type { EndpointWriter } from '../endpoints/endpoint-writer.ts';
import type { PodEvents } from '../pod-events.ts';

export interface ClusterAftermathOptions {
  readonly endpoints: Pick<EndpointWriter, 'changed'>;
  readonly events: Pick<PodEvents, 'refused'>;
  /** A pod of this node as last heard of. */
  readonly pod: (namespace: string, name: string) => PodView | undefined;
}

/** On a cluster the SpiderEndpoint of a pod follows its records, and a refused ADD becomes an event of the pod. */
export class ClusterAftermath implements Aftermath {
  readonly #options: ClusterAftermathOptions;

  constructor(options: ClusterAftermathOptions) {
    this.#options = options;
  }

  allocated({ pod, uid }: Holder, addresses: readonly AllocatedAddress[]): void {
    if (pod.name !== '') this.#options.endpoints.changed(pod, { uid, addresses });
  }

  changed(pod: PodName): void {
    this.#options.endpoints.changed(pod);
  }

  refused({ namespace, name, uid = '' }: PodReference, error: CniError): void {
    if (namespace === undefined || name === undefined) return;
    // There is no such pod to tell it.
    if (error.code === CniCode.podNotAlive) return;
    // The runtime has another UID for a static pod than the object that the event is about.
    const known = this.#options.pod(namespace, name)?.uid ?? uid;
    this.#options.events.refused({ namespace, name, uid: known }, error);
  }
}
