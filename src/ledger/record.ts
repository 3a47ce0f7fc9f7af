import type { Address } from '../ip/address.ts';

/** A network namespace as it was seen at ADD. */
export interface NetworkNamespace {
  /** Path that the runtime gave in CNI_NETNS. */
  readonly path: string;
  /** Device number of the namespace file; absent, like `inode`, when the path was not visible to the agent. */
  readonly device?: bigint;
  readonly inode?: bigint;
  /** Kernel boot id at ADD: after a reboot no namespace of before exists. */
  readonly bootId?: string;
}

/** A namespaced name of a pod. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** One living user of an address. */
export interface Holder {
  /** UID of the pod, or the container id where the runtime gives no pod. */
  readonly uid: string;
  /** CNI_CONTAINERID of the sandbox. */
  readonly sandbox: string;
  readonly node: string;
  readonly pod: PodName;
  readonly netns?: NetworkNamespace;
  /** Its agent has seen that the network namespace outlives the pod: the address still answers on the wire. Only on a cluster. */
  readonly outlivesPod?: true;
}

/** What keeps an address while its pods come and go: a StatefulSet's pod or a virtual machine. */
export interface StaticOwner {
  /** For example `StatefulSet` or `VirtualMachineInstance`. */
  readonly kind: string;
  readonly namespace: string;
  /** Name of what keeps the address: for a StatefulSet the name of the pod (the ordinal decides). */
  readonly name: string;
}

/** The record of one allocated address. */
export interface AllocationRecord {
  readonly address: Address;
  /** Name of the pool it was taken from. */
  readonly pool: string;
  /** Name of the CNI network configuration (`name` in the config). */
  readonly network: string;
  readonly nic: string;
  /** When the address was allocated, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Set for static workloads only. */
  readonly owner?: StaticOwner;
  /**
   * Who uses the address: exactly one without an `owner`; with one, none (kept for the owner), one, or two
   * (a live migration has two pods with one address). The newest is last.
   */
  readonly holders: readonly Holder[];
}

/** The trace of a released address: who had it last. */
export interface ReleasedRecord {
  /** The record as it was when it was released. */
  readonly last: AllocationRecord;
  /** When it was released, in milliseconds since the epoch. */
  readonly freedMs: number;
  /** True when its node was unreachable, so that the address may still answer on the wire. */
  readonly suspect: boolean;
}
