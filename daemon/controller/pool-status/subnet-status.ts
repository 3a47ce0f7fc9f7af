import { subnetFinalizer } from '../../../src/api/names.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { jsonCount, statusChanges } from '../../../src/pool-status/status-changes.ts';
import { Mirror } from '../leader/leader-view.ts';
import type { PoolView } from '../leader/pool-view.ts';
import { PacedQueue, type Turn } from './paced-queue.ts';
import { parseSubnetView, type SubnetView } from './subnet-view.ts';

/** Subnets change by hand alone. */
const gatherMs = 100;
const restMs = 1_000;

export interface SubnetStatusOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly pools: Mirror<PoolView>;
}

/** Counts the addresses of SpiderSubnets, and lets deleted ones go when no pool is theirs any more. */
export class SubnetStatus {
  readonly #options: SubnetStatusOptions;
  readonly #subnets: Mirror<SubnetView>;
  readonly #queue: PacedQueue;

  constructor(options: SubnetStatusOptions) {
    this.#options = options;
    const { api, log, pools } = options;
    this.#queue = new PacedQueue({
      work: (name, signal) => this.#write(name, signal),
      gatherMs,
      log,
      name: 'subnet',
    });
    this.#subnets = new Mirror({
      api,
      log,
      name: 'subnets',
      path: resourcePath(kubeResources.subnets),
      parse: parseSubnetView,
      keyOf: ({ name }) => name,
    });
    this.#subnets.onChange((name) => this.#queue.mark(name));
    pools.onChange((_name, now, before) => {
      const owner = before?.controller;
      if (owner !== undefined && owner.uid !== now?.controller?.uid) this.#queue.mark(owner.name);
    });
  }

  /** By name. */
  get items(): ReadonlyMap<string, SubnetView> {
    return this.#subnets.items;
  }

  /** Waits until all subnets have been read once. @throws the signal's reason */
  synced(signal: AbortSignal): Promise<void> {
    return this.#subnets.synced(signal);
  }

  /** How many pools a subnet has. */
  poolsOf({ uid }: SubnetView): number {
    let pools = 0;
    for (const { controller } of this.#options.pools.items.values()) if (controller?.uid === uid) pools += 1;
    return pools;
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    // Which pools there are has to be known before a subnet is let go.
    const settling = this.#options.pools.synced(signal).then(
      () => this.#queue.run(signal),
      () => undefined,
    );
    await Promise.all([this.#subnets.run(signal), settling]);
  }

  async #write(name: string, signal: AbortSignal): Promise<Turn> {
    const subnet = this.#subnets.items.get(name);
    const turn: Turn = { restMs, isAgain: false };
    if (subnet === undefined) return turn;
    const { total, status, deleting, finalizers } = subnet;
    const changes =
      total === undefined ? undefined : statusChanges({ totalIPCount: jsonCount(total) }, status);
    if (changes !== undefined) {
      await this.#patch(subnet, '/status', { status: changes }, signal);
      // The watch tells when it has another version, which is the one to go on with.
      return turn;
    }
    if (deleting && finalizers.includes(subnetFinalizer) && this.poolsOf(subnet) === 0) {
      const rest = finalizers.filter((one) => one !== subnetFinalizer);
      await this.#patch(subnet, '', { metadata: { finalizers: rest } }, signal);
    }
    return turn;
  }

  /** Changes a subnet that still is as it was read. */
  async #patch(
    { name, resourceVersion }: SubnetView,
    subresource: '' | '/status',
    change: { readonly metadata?: object; readonly status?: object },
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#options.api.request({
        method: 'PATCH',
        path: `${resourcePath(kubeResources.subnets, { name })}${subresource}`,
        body: { ...change, metadata: { ...change.metadata, resourceVersion } },
        signal,
        retryForMs: 0,
      });
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
    }
  }
}
