import type { Address, Family } from '../ip/address.ts';

/** Names or patterns of pools, one list a family; a family without entries is not asked for. */
export type PoolLists = Readonly<Record<Family, readonly string[]>>;

/** What the network configuration asks for one NIC. */
export interface NicRequest {
  /** Name of the NIC in the pod, such as `eth0`. */
  readonly nic: string;
  /** `default_ipv4_ippool` and `default_ipv6_ippool`. */
  readonly configPools: PoolLists;
  /** True: no default route. */
  readonly cleanGateway: boolean;
  /** True: only pools whose subnet the SR-IOV parent has an address in. */
  readonly matchMasterSubnet: boolean;
  /** Addresses that the caller insists on, at most one a family. */
  readonly requestedAddresses: readonly Address[];
}
