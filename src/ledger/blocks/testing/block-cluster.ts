import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type ControlPlane, startControlPlane } from '../../../../test/support/control-plane.ts';
import { allowDeletionOfRecords } from '../../../../test/support/deploy-files.ts';
import { type FaultProxy, startFaultProxy } from '../../../../test/support/fault-proxy.ts';
import { type Address, formatAddress } from '../../../ip/address.ts';
import { createKubeApi } from '../../../kube/create-kube-api.ts';
import type { KubeApi } from '../../../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../kube/resource-path.ts';
import {
  type BlockLedger,
  type BlockLedgerOptions,
  openBlockLedger,
  openNodelessLedger,
} from '../block-ledger.ts';
import { blockBase, blockName, slotIndex } from '../block-name.ts';

/** Accounts of `deploy/manifests`; that of the agents is one for all. */
const account = { namespace: 'spiderpool', name: 'spiderpool-agent' } as const;
const controllerAccount = { namespace: 'spiderpool', name: 'spiderpool-controller' } as const;

/** The agent of one node: its ledger, on a connection of its own through the proxy. */
export interface TestAgent {
  readonly ledger: BlockLedger;
  readonly api: KubeApi;
  /** Messages of level error. */
  readonly errors: readonly string[];
  /** Ends it as a crash does: what was sent is done or not. */
  crash(): Promise<void>;
}

/** A real API server behind a proxy that does harm, and agents with the rights of the product's and tokens that name their nodes. Hold it with `await using`. */
export class BlockCluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly proxy: FaultProxy;
  /** Settles when the policy is out of force. */
  #unkept: Promise<void> | undefined;
  readonly #open = new Set<AsyncDisposable>();

  constructor(plane: ControlPlane, proxy: FaultProxy) {
    this.plane = plane;
    this.proxy = proxy;
  }

  async agent(nodeName: string, options: Partial<BlockLedgerOptions> = {}): Promise<TestAgent> {
    const kubeconfig = await this.plane.kubeconfigFor(account, { server: this.proxy.url, node: nodeName });
    const api = createKubeApi({ kubeconfig });
    this.#open.add(api);
    const errors: string[] = [];
    const sink = new Writable({
      write(line: Buffer, _encoding, done) {
        errors.push(line.toString());
        done();
      },
    });
    const log = pino({ level: 'error' }, sink);
    const ledger = await openBlockLedger({ api, nodeName, placement: 0, log, ...options });
    this.#open.add(ledger);
    const crash = async (): Promise<void> => {
      await api[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    };
    return { ledger, api, errors, crash };
  }

  /** The ledger of who is of no node, with the rights of the controller. */
  async controller(): Promise<BlockLedger> {
    await this.plane.bindControllerRole(controllerAccount);
    const kubeconfig = await this.plane.kubeconfigFor(controllerAccount, { server: this.proxy.url });
    const api = createKubeApi({ kubeconfig });
    this.#open.add(api);
    const ledger = openNodelessLedger({ api });
    this.#open.add(ledger);
    return ledger;
  }

  /** The object of the block of an address, as the administrator sees it. */
  async block(address: Address): Promise<StoredBlock | undefined> {
    const { status, body } = await this.plane.adminRequest('GET', pathOf(address));
    if (status === 404) return undefined;
    return body as StoredBlock;
  }

  /** What stands in the slot of an address. */
  async slot(address: Address): Promise<StoredSlot> {
    return (await this.block(address))?.spec.slots[slotIndex(address)] ?? {};
  }

  /** Writes the slot of an address by hand. */
  async writeSlot(address: Address, value: unknown): Promise<void> {
    await this.patch(address, [{ op: 'replace', path: `/spec/slots/${slotIndex(address)}`, value }]);
  }

  /** Changes the block of an address by hand. */
  async patch(address: Address, operations: readonly object[]): Promise<void> {
    const contentType = 'application/json-patch+json';
    const { status, text } = await this.plane.adminRequest('PATCH', pathOf(address), operations, {
      contentType,
    });
    if (status !== 200) throw new Error(`${formatAddress(address)}: ${status} ${text}`);
  }

  /** Deletes the block of an address by hand, past the policy that keeps its records. */
  async deleteBlock(address: Address): Promise<void> {
    await (this.#unkept ??= allowDeletionOfRecords(this.plane));
    const { status } = await this.plane.adminRequest('DELETE', pathOf(address));
    if (status !== 200) throw new Error(`the block of ${formatAddress(address)}: ${status}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const open of [...this.#open].toReversed()) await open[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
  }
}

export interface StoredBlock {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly slots: readonly StoredSlot[] };
}

export type StoredSlot = Readonly<Record<string, unknown>>;

/** Starts a {@link BlockCluster}. */
export async function startBlockCluster(): Promise<BlockCluster> {
  await using stack = new AsyncDisposableStack();
  const plane = stack.use(await startControlPlane());
  const proxy = stack.use(await startFaultProxy(plane));
  await plane.bindAgentRole(account);
  await plane.applyPolicies();
  stack.move();
  return new BlockCluster(plane, proxy);
}

/** Matches requests for the block of an address. */
export function blockPath(address: Address): RegExp {
  return new RegExp(`/spideripblocks/${blockName(blockBase(address))}(\\?|$)`);
}

function pathOf(address: Address): string {
  return resourcePath(kubeResources.blocks, { name: blockName(blockBase(address)) });
}
