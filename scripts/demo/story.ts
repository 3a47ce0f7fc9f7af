import type { Ctl } from './ctl.ts';
import type { DemoNode } from './demo-node.ts';
import type { Narrator } from './narrator.ts';
import { type NetworkConfig, type NetworkOptions, networkConfig } from './network-config.ts';
import { createPod, type Pod } from './pod.ts';

/** What the steps of the demo share: who tells, where it happens, and the pods so far. */
export class Story {
  readonly narrator: Narrator;
  readonly node: DemoNode;
  readonly ctl: Ctl;
  readonly #pods = new Map<string, Pod>();

  constructor(narrator: Narrator, node: DemoNode, ctl: Ctl) {
    this.narrator = narrator;
    this.node = node;
    this.ctl = ctl;
  }

  /** All pods, in the order in which they were made. */
  get pods(): readonly Pod[] {
    return [...this.#pods.values()];
  }

  async createPod(name: string): Promise<Pod> {
    const pod = await createPod(name, this.node);
    this.#pods.set(name, pod);
    return pod;
  }

  /** @throws Error when no pod of that name was made */
  pod(name: string): Pod {
    const pod = this.#pods.get(name);
    if (pod === undefined) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  /** The pods' usual network, a bridge. @param ipv4Pools tried in this order */
  webNetwork(ipv4Pools: readonly string[] = ['web-v4']): NetworkConfig {
    const main = { type: 'bridge', bridge: 'web0', isGateway: true };
    return this.network({ name: 'web', main, ipv4Pools, ipv6Pools: ['web-v6'] });
  }

  /** A network whose IPAM is this node's agent. */
  network(options: Omit<NetworkOptions, 'socketPath'>): NetworkConfig {
    return networkConfig({ ...options, socketPath: this.node.agent.socketPath });
  }
}
