import type { Address } from '../ip/address.ts';
import type { CniVersion } from './version.ts';

/** An attachment of the network, as GC names the ones that are still valid (CNI 1.1.0, section "GC"). */
export interface Attachment {
  readonly containerId: string;
  readonly ifName: string;
}

/** The network configuration that a runtime gives on stdin, checked and with defaults applied. */
export interface NetworkConfig {
  readonly cniVersion: CniVersion;
  /** Name of the network. */
  readonly name: string;
  readonly defaultIPv4Pools: readonly string[];
  readonly defaultIPv6Pools: readonly string[];
  readonly cleanGateway: boolean;
  readonly matchMasterSubnet: boolean;
  /** Addresses asked for by `args.cni.ips` or, before that, `runtimeConfig.ips`; a prefix length is dropped. */
  readonly requestedAddresses: readonly Address[];
  /** `cni.dev/valid-attachments`; GC only. Undefined when the key is missing. */
  readonly validAttachments: readonly Attachment[] | undefined;
  /** `prevResult`, untouched; CHECK only. */
  readonly prevResult: unknown;
}
