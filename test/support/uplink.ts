import type { NetworkNamespace } from './network-namespace.ts';
import { runCni, runCniOrThrow } from './run-cni.ts';
import type { Sandbox } from './sandbox.ts';

/** A NIC of the node with carrier, on which macvlan can be stacked. */
export interface Uplink {
  readonly nic: string;
}

/**
 * Gives the node a NIC that is up: a bridge with one peer on it, both made by the real bridge plugin without IPAM. (A bridge
 * without a port has no carrier and what is stacked on it can't send; a veth that is a bridge's port can't carry macvlan.)
 * It stays as long as the sandbox.
 * @param pluginFolder with the bridge plugin, see `findCniPlugins`
 * @throws CommandError when the plugin fails
 */
export async function createUplink(sandbox: Sandbox, pluginFolder: string, nic = 'uplink0'): Promise<Uplink> {
  const peer = await sandbox.createNetworkNamespace(`peer-of-${nic}`);
  await runCniOrThrow({
    plugin: 'bridge',
    command: 'ADD',
    config: { cniVersion: '1.0.0', name: nic, type: 'bridge', bridge: nic, ipam: {} },
    containerId: `peer-of-${nic}`,
    ifName: 'eth0',
    netns: peer.path,
    cniPath: [pluginFolder],
    sandbox,
  });
  return { nic };
}

/**
 * Whether the kernel has macvlan, found by making one: modules and configuration can't be asked portably.
 * @throws CommandError when the plugin fails for another reason
 */
export async function kernelHasMacvlan(
  sandbox: Sandbox,
  pluginFolder: string,
  uplink: Uplink,
): Promise<boolean> {
  await using netns: NetworkNamespace = await sandbox.createNetworkNamespace('macvlan-probe');
  const answer = await runCni({
    plugin: 'macvlan',
    command: 'ADD',
    config: { cniVersion: '1.0.0', name: 'probe', type: 'macvlan', master: uplink.nic, ipam: {} },
    containerId: 'macvlan-probe',
    ifName: 'eth0',
    netns: netns.path,
    cniPath: [pluginFolder],
    sandbox,
  });
  if (answer.exitCode === 0) return true;
  const said = JSON.stringify(answer.stdout);
  if (/not supported/i.test(said)) return false;
  throw new Error(`macvlan on ${uplink.nic}: ${said}`);
}
