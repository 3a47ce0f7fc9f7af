import { exchangeTcp } from '../../test/support/exchange-tcp.ts';
import { describePod } from './describe-pod.ts';
import { formatConfig, type NetworkConfig } from './network-config.ts';
import type { AddOptions, Pod } from './pod.ts';
import type { Story } from './story.ts';
import { webSubnets } from './subnets.ts';

/** Two pods on a bridge, dual stack, that reach each other. */
export async function showPods(story: Story): Promise<void> {
  const { narrator } = story;
  narrator.section('Two pods get an IPv4 and an IPv6 address each');
  narrator.say('The bridge plugin is the real one. Its configuration names Spiderpool for the addresses:');
  const network = story.webNetwork();
  narrator.block(formatConfig(network));
  for (const name of ['web-1', 'web-2']) {
    const pod = await story.createPod(name);
    await attach(story, pod, network);
    await describePod(story, pod, [{ nic: 'eth0', pools: ['web-v4', 'web-v6'], subnets: webSubnets }]);
  }
  await talk(story, story.pod('web-1'), story.pod('web-2'), 'eth0');
}

/** ADD as a runtime calls it, told. */
export async function attach(
  story: Story,
  pod: Pod,
  network: NetworkConfig,
  options: AddOptions = {},
): Promise<void> {
  const { nic = 'eth0', requestedAddress } = options;
  const { durationMs } = await pod.attach(network, options);
  story.narrator.command(
    `${callText('ADD', pod, network, nic)}${requestedAddress === undefined ? '' : ` CNI_ARGS=IP=${requestedAddress}`}   (${Math.round(durationMs)} ms)`,
  );
}

/** A CNI call, short. */
export function callText(verb: 'ADD' | 'DEL', pod: Pod, network: NetworkConfig, nic = 'eth0'): string {
  return `${network.type} ${verb} ${pod.name} ${nic}`;
}

/** A TCP connection from a process in one pod to one in another, over both families. @throws DemoError */
export async function talk({ narrator }: Story, from: Pod, to: Pod, nic: string): Promise<void> {
  for (const family of [4, 6] as const) {
    const address = to.address(family, nic);
    const request = `hello from ${from.name}`;
    const answer = `welcome to ${to.name}`;
    const seen = await exchangeTcp(from.netns, to.netns, address, { request, answer });
    narrator.claim(
      `TCP over IPv${family}: ${from.address(family, nic)} says "${request}", ${address} answers "${answer}"`,
      seen,
      { received: request, answered: answer, clientAddress: from.address(family, nic) },
    );
  }
}
