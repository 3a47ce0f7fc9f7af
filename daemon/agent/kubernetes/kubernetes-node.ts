import type { KubernetesCluster } from '../../../src/cluster/kubernetes/kubernetes-cluster.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { BlockLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import { LedgerError } from '../../../src/ledger/errors.ts';
import { rest, untilAborted } from '../../process/rest.ts';
import type { EndpointWriter } from '../endpoints/endpoint-writer.ts';
import type { HandlerContext } from '../handlers/context.ts';
import { unusable } from '../ledger-slot.ts';
import type { NodeParts } from '../node-parts.ts';
import type { NodeServices } from '../node-services.ts';
import type { PodEvents } from '../pod-events.ts';
import type { LedgerRepair } from './ledger-repair.ts';

/** How often waiting tombstones are tried again. */
const replayMs = 2_000;

/** How often it is tried again to load the records: the wait doubles from the first to the last. */
const loadAgainMsMin = 500;
const loadAgainMsMax = 10_000;

export interface KubernetesNodeOptions {
  readonly parts: NodeParts<BlockLedger>;
  readonly api: KubeApi;
  readonly cluster: KubernetesCluster;
  readonly endpoints: EndpointWriter;
  readonly events: PodEvents;
  readonly repair: LedgerRepair;
  /** Opens the ledger. @throws LedgerError when the records of this node can't be read now */
  readonly openLedger: (signal: AbortSignal) => Promise<BlockLedger>;
}

/**
 * The services of a node of a cluster: records in address blocks, everything else from the API server. The socket is served at once;
 * until pods, pools and the node's own records are known, requests are told to come again.
 */
export class KubernetesNode implements NodeServices {
  readonly #options: KubernetesNodeOptions;
  /** Open, and not yet or already in the slot. */
  #opened: BlockLedger | undefined;

  constructor(options: KubernetesNodeOptions) {
    this.#options = options;
    const { cluster, parts } = options;
    cluster.onPodGone((pod) => {
      parts.sweep.soon();
      void parts.releases.podGone(pod);
    });
  }

  get context(): HandlerContext {
    return this.#options.parts.context;
  }

  bringUp(): Promise<void> {
    return Promise.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, endpoints, events, parts, repair } = this.#options;
    await Promise.all([
      cluster.run(signal),
      endpoints.run(signal),
      events.run(signal),
      parts.sweep.run(signal),
      this.#load(signal).then(() => Promise.all([this.#replay(signal), repair.run(signal)])),
    ]);
  }

  /** Tries until the records are loaded and served, or the signal is aborted. */
  async #load(signal: AbortSignal): Promise<void> {
    const { context, slot, sweep } = this.#options.parts;
    for (let waitMs = loadAgainMsMin; !signal.aborted; waitMs = Math.min(waitMs * 2, loadAgainMsMax)) {
      try {
        await this.#loadOnce(signal);
        context.log.info({ records: slot.ledger.ownRecords().length }, 'records are loaded');
        // What ended while this agent was away is in them.
        sweep.soon();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const why = unusable(error);
        if (slot.problem !== why) context.log.error({ err: error }, 'ledger can not be used');
        slot.close(why);
      }
      await rest(waitMs * (0.5 + Math.random() / 2), signal);
    }
  }

  async #loadOnce(signal: AbortSignal): Promise<void> {
    const { cluster, openLedger, parts } = this.#options;
    // What is imported into a pool that was read as such is in the records that are read after it.
    await cluster.synced(signal);
    this.#opened ??= await openLedger(signal);
    const ledger = this.#opened;
    const waiting = await parts.tombstones.replay(ledger, signal);
    if (waiting > 0) throw new LedgerError('LEDGER_IO', `${waiting} earlier DELs could not be done yet`);
    parts.slot.open(ledger);
  }

  async #replay(signal: AbortSignal): Promise<void> {
    const { context, slot, tombstones } = this.#options.parts;
    while (!signal.aborted) {
      await rest(replayMs, signal);
      if (signal.aborted || slot.problem !== undefined) continue;
      const replay = tombstones
        .replay(slot.ledger, signal)
        .catch((error: unknown) => context.log.error({ err: error }, 'tombstones could not be read'));
      // A release may wait for an API server that is away: the agent's end does not, and closing the ledger ends it.
      await untilAborted(replay, signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.parts.slot.close('the agent is shutting down');
    await this.#opened?.[Symbol.asyncDispose]();
    await this.#options.api[Symbol.asyncDispose]();
  }
}
