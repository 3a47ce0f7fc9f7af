import type { Cluster } from '../../../src/cluster/cluster.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import type { BlockLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import type { AllocationRecord, Holder } from '../../../src/ledger/record.ts';
import type { Logger } from '../../../src/log/logger.ts';
import type { AgentMetrics } from '../../../src/metrics/agent-metrics.ts';
import { podText } from '../../../src/wire/to-shapes.ts';
import { rest } from '../../process/rest.ts';
import { type Aftermath, tellChanged } from '../aftermath.ts';
import type { LedgerSlot } from '../ledger-slot.ts';
import { namespaceState } from '../netns.ts';
import type { PodEvents } from '../pod-events.ts';

/** The first look comes soon: what was written late or taken away while the agent was away is found then. */
const firstMs = 5_000;
const periodMs = 20_000;

/** After a look that failed, so that one comes soon after the API server is back. */
const againMs = 3_000;

/** A wait is longer or shorter by up to this part: all agents may have started at once. */
const jitter = 0.25;

export interface LedgerRepairOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot<BlockLedger>;
  readonly aftermath: Aftermath;
  readonly events: Pick<PodEvents, 'conflict'>;
  readonly metrics: AgentMetrics;
  readonly bootId: string | undefined;
  readonly log: Logger;
}

/** Compares, from time to time, what this agent has acknowledged with what stands in the API server, and repairs it. */
export class LedgerRepair {
  readonly #options: LedgerRepairOptions;

  constructor(options: LedgerRepairOptions) {
    this.#options = options;
  }

  /** Repairs again and again until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { ledger, log } = this.#options;
    for (let waitMs = firstMs; !signal.aborted; ) {
      await rest(waitMs * (1 - jitter + 2 * jitter * Math.random()), signal);
      if (signal.aborted || ledger.problem !== undefined) continue;
      try {
        await this.once(signal);
        waitMs = periodMs;
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'records could not be compared');
        waitMs = againMs;
      }
    }
  }

  /** One look. @throws LedgerError when the API server can't be asked or written to now */
  async once(signal?: AbortSignal): Promise<void> {
    const { aftermath, ledger, log, metrics } = this.#options;
    const isLiving = (holder: Holder): boolean => this.#isLiving(holder);
    const found = await ledger.ledger.reconcile({ isLiving, ...(signal && { signal }) });
    this.#tell('warn', found.restored, 'records were taken away, and put back');
    this.#tell('warn', found.gone, 'records were taken away, and their pods are gone');
    this.#tell('info', found.adopted, 'found records of this node');
    this.#tell('warn', found.freedDuplicates, 'freed addresses that were claimed twice');
    metrics.addressConflicts(found.conflicts.length);
    for (const { mine, other } of found.conflicts) {
      const text = conflictText(mine, other);
      log.error({ address: formatAddress(mine.address), mine, other }, 'an address has two holders');
      for (const { pod, uid } of mine.holders) this.#options.events.conflict({ ...pod, uid }, text);
    }
    tellChanged(
      aftermath,
      found.conflicts.map(({ mine }) => mine),
    );
  }

  /**
   * Whether a holder may still use its address, so that it has to stand: what counts is the namespace where it is seen, since a pod that
   * is gone for the API server may run on.
   */
  #isLiving(holder: Holder): boolean {
    const { bootId, cluster } = this.#options;
    const namespace = holder.netns === undefined ? 'unknown' : namespaceState(holder.netns, bootId);
    if (namespace !== 'unknown') return namespace === 'present';
    const state = cluster.podState(holder);
    return state !== 'gone' && state !== 'unknown';
  }

  #tell(level: 'info' | 'warn', records: readonly AllocationRecord[], message: string): void {
    if (records.length === 0) return;
    const { aftermath, log } = this.#options;
    log[level]({ addresses: records.map(({ address }) => formatAddress(address)) }, message);
    tellChanged(aftermath, records);
  }
}

function conflictText(mine: AllocationRecord, other: AllocationRecord): string {
  const { pod, node } = other.holders.at(-1) ?? {};
  const who = pod === undefined || pod.name === '' ? 'somebody else' : `pod ${podText(pod)}`;
  const where = node === undefined ? '' : ` on node ${node}`;
  return `address ${formatAddress(mine.address)} of NIC ${mine.nic} is recorded for ${who}${where} by now: delete one of the two pods`;
}
