import { familyOf, formatAddress } from '../ip/address.ts';
import type { NicConfiguration } from './result.ts';
import type { CniVersion } from './version.ts';

/** One entry of `ips`. `version` exists up to 0.4.0 only. */
export interface CniIpConfig {
  readonly version?: '4' | '6';
  readonly address: string;
  readonly gateway?: string;
}

/** The result of ADD of an IPAM plugin: no `interfaces`, those are the main plugin's (CNI 1.1.0, section "Delegated plugins"). */
export interface CniResult {
  readonly cniVersion: CniVersion;
  readonly ips: readonly CniIpConfig[];
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[];
  readonly dns: Record<string, never>;
}

/** Versions whose `ips` entries name their family (CNI 0.4.0, section "IPs"). */
const withFamily: ReadonlySet<CniVersion> = new Set(['0.3.0', '0.3.1', '0.4.0']);

/** The CNI result of one NIC in the configured version. Addresses and routes keep their order. */
export function composeResult(version: CniVersion, nic: NicConfiguration): CniResult {
  const routes = nic.routes.map(({ destination, gateway }) => ({
    dst: `${formatAddress(destination.network)}/${destination.prefixLength}`,
    gw: formatAddress(gateway),
  }));
  return {
    cniVersion: version,
    ips: nic.addresses.map(({ address, prefixLength, gateway }) => ({
      ...(withFamily.has(version) && { version: familyOf(address) === 4 ? '4' : '6' }),
      address: `${formatAddress(address)}/${prefixLength}`,
      ...(gateway !== undefined && { gateway: formatAddress(gateway) }),
    })),
    ...(routes.length > 0 && { routes }),
    dns: {},
  };
}
