import { saturatedCount } from '../../../src/api/count.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { BlockApi } from '../../../src/ledger/blocks/block-api.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type {
  ControllerMetrics,
  PoolFigures,
  SubnetFigures,
} from '../../../src/metrics/controller-metrics.ts';
import type { ObjectEvents } from '../../process/object-events.ts';
import { rest } from '../../process/rest.ts';
import { WakeUp } from '../../process/wake-up.ts';
import type { LeaderPart } from '../leader/leader-part.ts';
import type { LeaderView } from '../leader/leader-view.ts';
import { EmptyBlocks } from './empty-blocks.ts';
import { PacedQueue } from './paced-queue.ts';
import { PoolDeletion } from './pool-deletion.ts';
import { PoolKnowledge } from './pool-knowledge.ts';
import { PoolObjects } from './pool-objects.ts';
import { PoolWriter } from './pool-writer.ts';
import { SubnetStatus } from './subnet-status.ts';

/** Changes within this time are taken in together: a burst of ADDs is one write of each pool. */
const gatherMs = 100;

/** After a step of the clock nothing is counted wrong for longer than this. */
const lookEveryMsMax = 30_000;

export interface PoolStatusOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  /** A view that is not running yet. */
  readonly view: LeaderView;
  /** Its `run` is somebody else's. */
  readonly events: ObjectEvents;
  /** How often the counts of objects are told, in milliseconds. */
  readonly metricRenewMs: number;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly nowMs?: () => number;
  /** How often empty blocks are looked for, in milliseconds. @default 30_000 */
  readonly emptyBlocksEveryMs?: number;
}

/** Objects that are counted once they are known. */
interface Counted {
  readonly items: ReadonlyMap<string, unknown>;
  readonly synced: Promise<void>;
}

/**
 * Derives the statuses of all pools from the address blocks, lets deleted pools and subnets go when nothing is theirs any more, and
 * deletes blocks that say nothing.
 */
export class PoolStatus implements LeaderPart {
  readonly #options: PoolStatusOptions;
  readonly #nowMs: () => number;
  readonly #wakeUp = new WakeUp();
  readonly #knowledge: PoolKnowledge;
  readonly #queue: PacedQueue;
  readonly #subnets: SubnetStatus;
  readonly #emptyBlocks: EmptyBlocks;

  constructor(options: PoolStatusOptions) {
    const { api, log, view, events, nowMs = Date.now, emptyBlocksEveryMs } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    const knowledge = new PoolKnowledge(view, () => this.#wakeUp.wake());
    this.#knowledge = knowledge;
    const blocks = new BlockApi(api, log);
    const objects = new PoolObjects(api, view.pools);
    const deletion = new PoolDeletion({ objects, blocks });
    view.pools.onChange((_name, now, before) => {
      if (before !== undefined && now?.uid !== before.uid) deletion.forget(before);
    });
    const writer = new PoolWriter({
      objects,
      deletion,
      events,
      nowMs,
      counts: knowledge.counts,
      catalogPool: (name) => knowledge.catalogPool(name),
      isKnown: (pool) => knowledge.isKnown(pool),
      overlaps: (name) => knowledge.overlaps(name),
      nodes: () => view.nodes.items.size,
    });
    this.#queue = new PacedQueue({
      work: (name, signal) => writer.write(name, signal),
      gatherMs: 0,
      log,
      name: 'pool',
    });
    this.#subnets = new SubnetStatus({ api, log, pools: view.pools });
    this.#emptyBlocks = new EmptyBlocks({
      blocks,
      known: () => view.blocks.items.values(),
      reuseDelayMs: ({ name }) => knowledge.counts.reuseDelayMs(name),
      nowMs,
      log,
      ...(emptyBlocksEveryMs !== undefined && { lookEveryMs: emptyBlocksEveryMs }),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#subnets.run(signal), this.#derive(signal)]);
  }

  async #derive(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.view.synced(signal);
    } catch {
      return;
    }
    const { metrics, view } = this.#options;
    await this.#catchUp();
    metrics.lead({ pools: () => this.#poolFigures(), subnets: () => this.#subnetFigures() });
    await Promise.all([
      this.#follow(signal),
      this.#queue.run(signal),
      this.#emptyBlocks.run(signal),
      this.#countObjects('pools', { items: view.pools.items, synced: Promise.resolve() }, signal),
      this.#countObjects(
        'subnets',
        { items: this.#subnets.items, synced: this.#subnets.synced(signal) },
        signal,
      ),
    ]);
    metrics.follow();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const settlesMs = this.#knowledge.counts.settlesMs - this.#nowMs();
      await this.#wakeUp.rest(Math.min(settlesMs, this.#knowledge.overlapWaitMs, lookEveryMsMax), signal);
      await rest(gatherMs, signal);
      await this.#catchUp();
    }
  }

  async #catchUp(): Promise<void> {
    for (const name of await this.#knowledge.catchUp(this.#nowMs)) this.#queue.mark(name);
  }

  async #countObjects(
    kind: 'pools' | 'subnets',
    { items, synced }: Counted,
    signal: AbortSignal,
  ): Promise<void> {
    const { metrics, metricRenewMs } = this.#options;
    await synced.catch(() => undefined);
    while (!signal.aborted) {
      metrics.objects(kind, items.size);
      await rest(metricRenewMs, signal);
    }
  }

  #poolFigures(): readonly PoolFigures[] {
    const { counts } = this.#knowledge;
    return Array.from(this.#options.view.pools.items.keys(), (name) => {
      const { allocated, cooling, suspect, free } = counts.use(name);
      const { total = 0n, reserved = 0n } = this.#knowledge.catalogPool(name) ?? {};
      return { name, total, reserved, free, allocated, cooling, suspect };
    });
  }

  #subnetFigures(): readonly SubnetFigures[] {
    return Array.from(this.#subnets.items.values(), (subnet) => {
      const { allocatedIPCount } = subnet.status;
      const allocated = typeof allocatedIPCount === 'number' ? BigInt(allocatedIPCount) : 0n;
      const total = saturatedCount(subnet.total ?? 0n);
      return { name: subnet.name, total, allocated, pools: this.#subnets.poolsOf(subnet) };
    });
  }
}
