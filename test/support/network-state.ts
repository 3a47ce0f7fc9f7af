import type { NetworkInterfaceInfo } from 'node:os';
import type { NetworkNamespace } from './network-namespace.ts';
import { type KernelRoute, parseIpv4Routes, parseIpv6Routes } from './proc-routes.ts';
import { CommandError } from './run-command.ts';

/** A NIC that is up, with its global addresses. */
export interface NicState {
  readonly name: string;
  readonly mac: string;
  /** In CIDR notation, link-local ones left out. */
  readonly addresses: readonly string[];
}

/** What the kernel has configured in a network namespace. */
export interface NetworkState {
  /** Without the loopback. */
  readonly nics: readonly NicState[];
  /** Both families, link-local ones left out. */
  readonly routes: readonly KernelRoute[];
}

/** Runs in the namespace; prints one JSON object. `/proc/net` is the reader's own network's. */
const reader = `
const read = (file) => require('node:fs').readFileSync(file, 'utf8');
console.log(JSON.stringify({
  interfaces: require('node:os').networkInterfaces(),
  ipv4Routes: read('/proc/net/route'),
  ipv6Routes: read('/proc/net/ipv6_route'),
}));`;

/**
 * Reads addresses and routes of a network namespace, with nothing but Node.
 * @throws CommandError when the reader can't run there
 */
export async function readNetworkState(netns: NetworkNamespace): Promise<NetworkState> {
  const result = await netns.run(process.execPath, ['-e', reader]);
  if (result.exitCode !== 0) throw new CommandError('SP_COMMAND_FAILED', result.stderr.trim());
  const seen = JSON.parse(result.stdout) as {
    interfaces: Record<string, NetworkInterfaceInfo[]>;
    ipv4Routes: string;
    ipv6Routes: string;
  };
  const nics = Object.entries(seen.interfaces).filter(([name]) => name !== 'lo');
  return {
    nics: nics.map(([name, infos]) => ({
      name,
      mac: infos[0]?.mac ?? '',
      addresses: infos.flatMap(({ cidr }) => (cidr === null || cidr.startsWith('fe80:') ? [] : [cidr])),
    })),
    routes: [...parseIpv4Routes(seen.ipv4Routes), ...parseIpv6Routes(seen.ipv6Routes)].filter(
      (route) => !route.destination.startsWith('fe80:'),
    ),
  };
}
