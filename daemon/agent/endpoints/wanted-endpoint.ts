import { deathOf, isPodUid, type PodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { type EndpointKey, endpointOfRecord } from '../../../src/endpoints/endpoint-key.ts';
import type { AllocationRecord, Holder } from '../../../src/ledger/record.ts';

/** What should become of an endpoint. */
export type WantedEndpoint =
  /** It shows these records of this pod, whose holder's uid is `uid`. */
  | {
      readonly action: 'write';
      readonly pod: PodView;
      readonly uid: string;
      readonly records: readonly AllocationRecord[];
    }
  /** It stays as it is: its addresses are kept for their owner, its pod ends, or another node's agent writes it. */
  | { readonly action: 'keep' }
  /** Its pod was not seen yet. */
  | { readonly action: 'wait' }
  /** There is nothing to show. */
  | { readonly action: 'remove' };

/** What the answer is found in. */
export interface WantedEndpointFacts {
  readonly nodeName: string;
  /** All records of this node. */
  readonly records: readonly AllocationRecord[];
  readonly pod: (namespace: string, name: string) => PodView | undefined;
}

/**
 * What the records of this node say of an endpoint. Only the agent of the node where the newest holder's pod lives writes it, so
 * that two nodes with a record of one static workload never write against each other.
 */
export function wantedEndpoint(key: EndpointKey, facts: WantedEndpointFacts): WantedEndpoint {
  const records = facts.records.filter((record) => endpointOfRecord(record) === key);
  if (records.length === 0) return { action: 'remove' };
  const holders = records.map((record) => record.holders.at(-1)).filter((holder) => holder !== undefined);
  const own = holders.filter(({ node }) => node === facts.nodeName);
  if (own.length === 0) return { action: 'keep' };
  for (const { uid, pod: name } of own) {
    const pod = facts.pod(name.namespace, name.name);
    if (pod === undefined || !isPodUid(pod, uid)) continue;
    if (deathOf(pod) !== undefined) return { action: 'keep' };
    return { action: 'write', pod, uid, records: records.filter((record) => isNewest(record, uid)) };
  }
  return { action: 'wait' };
}

function isNewest({ holders }: AllocationRecord, uid: string): boolean {
  const newest: Holder | undefined = holders.at(-1);
  return newest?.uid === uid;
}
