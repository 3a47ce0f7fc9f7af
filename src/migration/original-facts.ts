import type { StaticOwner } from '../ledger/record.ts';

/** A NIC of a SpiderEndpoint. */
export interface OriginalNic {
  /** Empty where the original did not know the name yet. */
  readonly nic: string;
  /** Without prefix length, as it stands. */
  readonly addresses: readonly string[];
}

/** What is read of a SpiderEndpoint. */
export interface OriginalEndpoint {
  /** UID of the pod that it is about. */
  readonly uid: string;
  readonly node: string;
  /** In the order of the object. */
  readonly nics: readonly OriginalNic[];
  /** What keeps the addresses, if something does. */
  readonly owner: StaticOwner | undefined;
}

/** What is read of a pod that exists. */
export interface LivePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Empty until it is scheduled. */
  readonly node: string;
  /** All its containers have ended. */
  readonly isFinished: boolean;
  /** Names of its further NICs, in the order of Multus' annotation; undefined when that can't be read. */
  readonly furtherNics: readonly string[] | undefined;
  /** The virtual machine instance that it runs. */
  readonly machine?: string;
}

/** What there is besides the records of the pools. */
export interface OriginalFacts {
  /** By `namespace/name`. */
  readonly endpoints: ReadonlyMap<string, OriginalEndpoint>;
  /** By UID; a static pod also by the one that its runtime knows. */
  readonly podsByUid: ReadonlyMap<string, LivePod>;
  /**
   * How many records the pools to be imported have for a pod and family; the key is {@link countKey}. Only as a hint: it decides
   * what an address without an endpoint is called.
   */
  readonly counts: ReadonlyMap<string, number>;
}

/** Key of a pod's records of one family. */
export function countKey(podUid: string, family: 4 | 6): string {
  return `${family} ${podUid}`;
}
