import type { PodReference } from '../../src/cluster/cluster.ts';
import type { CniError } from '../../src/cni/error.ts';
import type { AllocationRecord, Holder, PodName } from '../../src/ledger/record.ts';
import type { AllocatedAddress } from './allocated-address.ts';

/**
 * What follows a decision, off the path of its answer: on a cluster the pod's SpiderEndpoint and its events. Nothing here
 * waits or throws.
 */
export interface Aftermath {
  /** A pod got these addresses, or asked again for those that it has. */
  allocated(holder: Holder, addresses: readonly AllocatedAddress[]): void;

  /** The records of a pod changed in another way. */
  changed(pod: PodName): void;

  /** An ADD of a pod was refused. */
  refused(pod: PodReference, error: CniError): void;
}

/** Without a cluster nobody else is told. */
export const noAftermath: Aftermath = {
  allocated: () => undefined,
  changed: () => undefined,
  refused: () => undefined,
};

/** Tells that the pods of these records changed, each once; what keeps a static record has a pod's name, or a virtual machine's. */
export function tellChanged(aftermath: Aftermath, records: readonly AllocationRecord[]): void {
  const pods = records.flatMap(({ holders, owner }): PodName[] => [
    ...holders.map(({ pod }) => pod),
    ...(owner ? [owner] : []),
  ]);
  const byName = new Map(pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
  for (const { namespace, name } of byName.values()) if (name !== '') aftermath.changed({ namespace, name });
}
