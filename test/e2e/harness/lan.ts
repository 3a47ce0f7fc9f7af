import { runOrThrow } from '../../support/run-command.ts';

/** The network that the nodes of a cluster are on: what pods get addresses of. */
export const lan = {
  bridge: 'lan0',
  /** Gateway of the LAN, and the control plane's. */
  gateway: '10.20.0.1',
  gatewayV6: 'fd00:20::1',
  subnet: '10.20.0.0/16',
  subnetV6: 'fd00:20::/64',
  /** Of Services: everything for them goes to the gateway. */
  services: '10.96.0.0/16',
} as const;

/** Runs `ip` with each of the lines. */
async function ip(...lines: readonly string[]): Promise<void> {
  // One process for all of them: `-batch` reads lines as arguments.
  await runOrThrow('ip', ['-batch', '-'], { stdin: `${lines.join('\n')}\n` });
}

/** Makes the LAN in the network namespace of this process, which is its gateway. */
export async function createLan(): Promise<void> {
  await ip(
    'link set lo up',
    `link add name ${lan.bridge} type bridge`,
    `addr add ${lan.gateway}/16 dev ${lan.bridge}`,
    `addr add ${lan.gatewayV6}/64 dev ${lan.bridge} nodad`,
    `link set dev ${lan.bridge} up`,
    // Each of these addresses is this namespace's own, so that a relay can listen at it.
    `route add local ${lan.services} dev lo`,
  );
}

/** Address of node number `index`, counted from 0. */
export function nodeAddress(index: number): string {
  return `10.20.0.${11 + index}`;
}

/**
 * Plugs a node in: `eth0` with its address, and the bridge `br0`, which `eth1` connects to the LAN.
 * @param pid a process in the node's network namespace
 */
export async function plugIn(index: number, pid: number): Promise<void> {
  const ports = ['eth0', 'eth1'].map((nic) => ({ nic, port: `n${index + 1}-${nic}` }));
  await ip(
    ...ports.flatMap(({ nic, port }) => [
      `link add name ${port} type veth peer name ${nic} netns ${pid}`,
      `link set dev ${port} master ${lan.bridge}`,
      `link set dev ${port} up`,
    ]),
  );
  const inNode = [
    'link set lo up',
    'link add name br0 type bridge',
    'link set dev eth1 master br0',
    'link set dev eth1 up',
    'link set dev br0 up',
    'link set dev eth0 up',
    `addr add ${nodeAddress(index)}/16 dev eth0`,
    `addr add fd00:20::${11 + index}/64 dev eth0 nodad`,
    `route add default via ${lan.gateway}`,
  ];
  await runOrThrow('nsenter', [`--net=/proc/${pid}/ns/net`, '--', 'ip', '-batch', '-'], {
    stdin: `${inNode.join('\n')}\n`,
  });
}
