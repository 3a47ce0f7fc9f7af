import type { NetworkNamespace } from '../../test/support/network-namespace.ts';
import { type NetworkState, readNetworkState } from '../../test/support/network-state.ts';
import { type CniAnswer, runCni } from '../../test/support/run-cni.ts';
import type { Sandbox } from '../../test/support/sandbox.ts';
import { addressesOf, type CniFailure, failureOf, requireSuccess } from './cni-answers.ts';
import type { NetworkConfig } from './network-config.ts';

/** What a pod needs of the node that it runs on. */
export interface PodNode {
  readonly sandbox: Sandbox;
  /** Folders with the main plugins and with `spiderpool`. */
  readonly cniPath: readonly string[];
  /** Where `spiderpool` leaves tombstones. */
  readonly stateFolder: string;
}

/** A NIC that a pod has got. */
export interface Attachment {
  readonly nic: string;
  readonly config: NetworkConfig;
  /** As the CNI result names them, with prefix length. */
  readonly addresses: readonly string[];
  /** Wall clock of the whole main plugin, milliseconds. */
  readonly durationMs: number;
}

export interface AddOptions {
  /** @default eth0 */
  readonly nic?: string;
  /** Address to ask for. */
  readonly requestedAddress?: string;
}

/** What a container runtime makes for a pod: a network namespace, and the calls of the CNI plugins. */
export class Pod {
  readonly name: string;
  readonly netns: NetworkNamespace;
  readonly #node: PodNode;
  readonly #attachments = new Map<string, Attachment>();

  /** Use {@link createPod}. */
  constructor(name: string, netns: NetworkNamespace, node: PodNode) {
    this.name = name;
    this.netns = netns;
    this.#node = node;
  }

  /** NICs that it has, in the order in which they came. */
  get attachments(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  /** The address of a NIC without its prefix length. @throws Error when there is none */
  address(family: 4 | 6, nic = 'eth0'): string {
    const found = this.#attachments
      .get(nic)
      ?.addresses.map((address) => address.split('/')[0] ?? '')
      .find((address) => address.includes(':') === (family === 6));
    if (found === undefined) throw new Error(`${this.name} has no IPv${family} address on ${nic}`);
    return found;
  }

  /** ADD that has to succeed. @throws DemoError when it does not */
  async attach(config: NetworkConfig, options: AddOptions = {}): Promise<Attachment> {
    const startedMs = performance.now();
    const answer = await this.tryAttach(config, options);
    const durationMs = performance.now() - startedMs;
    const { nic = 'eth0' } = options;
    const addresses = addressesOf(`ADD of ${this.name}, ${nic}`, answer);
    const attachment = { nic, config, addresses, durationMs };
    this.#attachments.set(nic, attachment);
    return attachment;
  }

  /**
   * ADD that has to fail, and the DEL with which runtimes clear away what the main plugin has left.
   * @throws DemoError when the ADD succeeds
   */
  async attachInVain(config: NetworkConfig, options: AddOptions = {}): Promise<CniFailure> {
    const { nic = 'eth0' } = options;
    const failure = failureOf(`ADD of ${this.name}, ${nic}`, await this.tryAttach(config, options));
    await this.detach({ nic, config });
    return failure;
  }

  /** ADD, whatever comes of it. A success is not remembered. */
  async tryAttach(config: NetworkConfig, options: AddOptions = {}): Promise<CniAnswer> {
    const { nic = 'eth0', requestedAddress } = options;
    return this.#call('ADD', config, nic, requestedAddress === undefined ? {} : { IP: requestedAddress });
  }

  /** DEL of one NIC. @throws DemoError when it fails: it never may */
  async detach({ nic, config }: Pick<Attachment, 'nic' | 'config'>): Promise<void> {
    requireSuccess(`DEL of ${this.name}, ${nic}`, await this.#call('DEL', config, nic, {}));
    this.#attachments.delete(nic);
  }

  /** DEL of all NICs, the last one first, as runtimes do it. @throws DemoError when one fails */
  async detachAll(): Promise<void> {
    for (const attachment of this.attachments.toReversed()) await this.detach(attachment);
  }

  /** What the kernel has in its namespace. */
  async readState(): Promise<NetworkState> {
    return readNetworkState(this.netns);
  }

  async #call(
    command: 'ADD' | 'DEL',
    config: NetworkConfig,
    nic: string,
    args: Readonly<Record<string, string>>,
  ): Promise<CniAnswer> {
    const { sandbox, cniPath, stateFolder } = this.#node;
    return runCni({
      plugin: config.type,
      command,
      config,
      containerId: `sandbox-of-${this.name}`,
      ifName: nic,
      netns: this.netns.path,
      args: {
        IgnoreUnknown: '1',
        K8S_POD_NAMESPACE: 'default',
        K8S_POD_NAME: this.name,
        K8S_POD_UID: `uid-of-${this.name}`,
        ...args,
      },
      cniPath,
      env: { SPIDERPOOL_STATE_DIR: stateFolder },
      sandbox,
    });
  }
}

/** Makes the namespace of a pod; it vanishes with the sandbox. */
export async function createPod(name: string, node: PodNode): Promise<Pod> {
  return new Pod(name, await node.sandbox.createNetworkNamespace(name), node);
}
