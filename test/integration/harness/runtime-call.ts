import type { WorldPod } from './runtime-truth.ts';

const network = { cniVersion: '1.1.0', name: 'net', type: 'macvlan' } as const;

/** CNI STATUS. */
export const statusCall = {
  config: { ...network, ipam: { type: 'spiderpool' } },
  env: { CNI_COMMAND: 'STATUS', CNI_PATH: '/opt/cni/bin' },
} as const;

/** What the plugin sends to the agent for a runtime on a cluster. */
export function runtimeCall(
  verb: 'add' | 'del',
  pod: WorldPod,
  ipam: Readonly<Record<string, unknown>>,
  nic: string,
): unknown {
  const args = [
    'IgnoreUnknown=1',
    `K8S_POD_NAMESPACE=${pod.namespace}`,
    `K8S_POD_NAME=${pod.name}`,
    `K8S_POD_UID=${pod.uid}`,
    `K8S_POD_INFRA_CONTAINER_ID=${pod.sandbox}`,
  ];
  return {
    config: { ...network, ipam: { type: 'spiderpool', ...ipam } },
    env: {
      CNI_COMMAND: verb.toUpperCase(),
      CNI_CONTAINERID: pod.sandbox,
      CNI_NETNS: pod.netns,
      CNI_IFNAME: nic,
      CNI_PATH: '/opt/cni/bin',
      CNI_ARGS: args.join(';'),
    },
  };
}
