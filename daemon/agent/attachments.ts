import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Attachment as ValidAttachment } from '../../src/cni/network-config.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { ClusterFacts, EnabledFamilies } from '../../src/ipam/facts.ts';
import { planAdd, wantsOf } from '../../src/ipam/plan.ts';
import { allRecords, holdersOf, recordPages } from '../../src/ledger/all-records.ts';
import type { Claimant, PoolUsage, PreviewOutcome } from '../../src/ledger/ledger.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';
import { isOfAttachment } from '../../src/ledger/record-equality.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { Operation } from '../../src/metrics/operation-metrics.ts';
import { type AllocatedAddress, describeAddress } from './allocated-address.ts';
import { type AddRequest, type Attachment, attachmentKey, holderKey, ownerUid } from './attachment.ts';
import { claimError } from './claim-error.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { type LedgerSlot, toCniError } from './ledger-slot.ts';
import type { Tombstones } from './tombstones.ts';

/** A release that takes longer than this is answered from a tombstone, so that a runtime never waits for the store. */
const releaseAnswerMs = 3_000;

/** A dry run: the plan, and what the ledger would have answered. */
export interface Explanation {
  readonly plan: AddPlan;
  readonly facts: ClusterFacts;
  readonly preview?: PreviewOutcome;
  /** Accepted pools that have neither a free nor a resting address. */
  readonly exhausted?: ReadonlySet<string>;
  readonly error?: unknown;
}

export interface AttachmentsOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly enabledFamilies: EnabledFamilies;
  readonly tombstones: Tombstones;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
}

/**
 * What the CNI verbs and the original's routes have in common: facts, decision, ledger, result. Work on one
 * attachment is done one after the other, since runtimes use container ids again.
 */
export class Attachments {
  readonly #options: AttachmentsOptions;

  constructor(options: AttachmentsOptions) {
    this.#options = options;
  }

  /**
   * Allocates the addresses of an attachment, or returns those that it has.
   *
   * @returns the addresses of all NICs that the request covers
   * @throws CniError; nothing is allocated then
   */
  async add(request: AddRequest, signal: AbortSignal): Promise<readonly AllocatedAddress[]> {
    const { attachment } = request;
    try {
      return await this.#inTurn('allocation', attachment, signal, async () => {
        await this.#options.tombstones.settle(attachment, this.#options.ledger.ledger);
        return this.#claim(request, signal);
      });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async #claim(request: AddRequest, signal: AbortSignal): Promise<readonly AllocatedAddress[]> {
    const { cluster, enabledFamilies, ledger, log } = this.#options;
    const facts = await cluster.facts(request.attachment.pod, { signal });
    const plan = planAdd(request.nicRequest, facts, enabledFamilies);
    const claimant = claimantOf(request, cluster.nodeName);
    if (plan.problem !== undefined) {
      const standing = await this.#reconfirm(request, claimant, facts);
      if (standing.length === 0) throw plan.problem;
      return standing;
    }
    logSwitchedOff(plan, log);
    const outcome = await ledger.ledger.claim(claimant, wantsOf(plan), chooseAddress, { signal });
    if (outcome.kind === 'refused') {
      const [first] = outcome.refusals;
      if (first === undefined) throw new Error('a refused claim gives no reason');
      throw claimError(first, plan, facts.catalog);
    }
    const cleanGateway = new Map(plan.nics.map((one) => [one.nic, one.cleanGateway]));
    return outcome.addresses.map(({ record }) =>
      describeAddress(record, facts.catalog, cleanGateway.get(record.nic) ?? false),
    );
  }

  /**
   * What the NIC of this pod holds already, committed to its present sandbox: an answer that was given stands, even when
   * its pools would not be chosen any more (disabled, being deleted, restricted since). Not when an address is asked for.
   */
  async #reconfirm(
    { attachment, nicRequest }: AddRequest,
    { holder }: Claimant,
    { catalog }: ClusterFacts,
  ): Promise<readonly AllocatedAddress[]> {
    if (nicRequest.requestedAddresses.length > 0) return [];
    const { ledger } = this.#options.ledger;
    const held = await ledger.records({ uid: holder.uid, nic: attachment.nic });
    if (held.length === 0) return [];
    const confirmed = await ledger.confirm(holder);
    return confirmed
      .filter(({ nic }) => nic === attachment.nic)
      .map((record) => describeAddress(record, catalog, nicRequest.cleanGateway));
  }

  /** What `add` would do now, without doing it. */
  async explain(request: AddRequest, signal: AbortSignal): Promise<Explanation> {
    const { cluster, enabledFamilies, ledger } = this.#options;
    const facts = await cluster.facts(request.attachment.pod, { signal });
    const plan = planAdd(request.nicRequest, facts, enabledFamilies);
    if (plan.problem !== undefined) return { plan, facts, error: plan.problem };
    const claimant = claimantOf(request, cluster.nodeName);
    try {
      const wants = wantsOf(plan);
      const preview = await ledger.ledger.preview(claimant, wants, chooseAddress);
      const usages = await ledger.ledger.usage(wants.flatMap(({ pools }) => pools));
      const exhausted = new Set(usages.filter(isExhausted).map(({ pool }) => pool));
      const refusal = preview.kind === 'refused' ? preview.refusals.at(0) : undefined;
      const error = refusal && claimError(refusal, plan, facts.catalog);
      return { plan, facts, preview, exhausted, ...(error && { error }) };
    } catch (error) {
      return { plan, facts, error: this.#failed(error) };
    }
  }

  /**
   * Releases what an attachment holds, or leaves a tombstone that is played back when the store can be written. Never fails.
   *
   * @returns how many addresses were freed, or that this is left for later
   */
  async del(attachment: Attachment): Promise<number | 'later'> {
    const { log } = this.#options;
    const released = this.#inTurn('release', attachment, undefined, () => this.#release(attachment));
    const slow = Promise.withResolvers<'slow'>();
    const timer = setTimeout(() => slow.resolve('slow'), releaseAnswerMs);
    try {
      const outcome = await Promise.race([released, slow.promise]);
      if (outcome !== 'slow') return outcome;
      log.warn({ ...attachment }, 'release takes long');
      released.catch((error: unknown) => log.warn({ err: error, ...attachment }, 'slow release failed'));
    } catch (error) {
      this.#options.ledger.noteFailure(error);
      log.warn({ err: error, ...attachment }, 'release failed');
    } finally {
      clearTimeout(timer);
    }
    await this.#options.tombstones.write(attachment);
    return 'later';
  }

  async #release({ sandbox, nic, pod }: Attachment): Promise<number> {
    const condition = {
      by: 'attachment',
      sandbox,
      nic,
      ...(pod.uid !== undefined && { uid: pod.uid }),
    } as const;
    const freed = await this.#options.ledger.ledger.release(condition);
    await this.#options.tombstones.discard({ sandbox, nic });
    return freed.length;
  }

  /** Releases all attachments of a sandbox. */
  async delSandbox(sandbox: string, uid: string | undefined): Promise<void> {
    const records = await allRecords(this.#options.ledger.ledger, { sandbox });
    for (const nic of new Set(records.map((record) => record.nic))) {
      await this.del({ sandbox, nic, pod: uid === undefined ? {} : { uid } });
    }
  }

  /** The records of an attachment. */
  async standing({ sandbox, nic, pod }: Attachment): Promise<readonly AllocationRecord[]> {
    try {
      const records = await this.#options.ledger.ledger.records({ sandbox, nic });
      return records.filter(({ holders }) => holders.some((one) => isOfAttachment(one, sandbox, pod.uid)));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Frees this node's records of a network whose attachments the runtime no longer knows (CNI 1.1.0, section "GC").
   *
   * @returns how many addresses were freed
   */
  async collect(network: string, valid: readonly ValidAttachment[], signal: AbortSignal): Promise<number> {
    const { ledger, cluster, mutex } = this.#options;
    const { node } = cluster.ownRecords;
    const keep = new Set(
      valid.map(({ containerId, ifName }) => attachmentKey({ sandbox: containerId, nic: ifName })),
    );
    let freed = 0;
    try {
      for await (const page of recordPages(ledger.ledger, { network, ...cluster.ownRecords })) {
        const stale = holdersOf(page).filter(
          ([record, holder]) =>
            (node === undefined || holder.node === node) && !keep.has(holderKey(record, holder)),
        );
        // At once, so that the ledger commits them together.
        const released = await Promise.all(
          stale.map(([record, holder]) =>
            mutex.run(holderKey(record, holder), signal, () =>
              ledger.ledger.release({ by: 'holder', record, holder }),
            ),
          ),
        );
        freed += released.flat().length;
      }
    } catch (error) {
      throw this.#failed(error);
    }
    return freed;
  }

  /** Runs a task when all earlier work on the attachment is done. */
  #inTurn<T>(
    operation: Operation,
    attachment: Attachment,
    signal: AbortSignal | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
    const { mutex, metrics } = this.#options;
    const sinceMs = performance.now();
    return mutex.run(attachmentKey(attachment), signal, () => {
      metrics.waited(operation, sinceMs);
      return task();
    });
  }

  /** What a failure means to the caller. */
  #failed(error: unknown): unknown {
    this.#options.ledger.noteFailure(error);
    return toCniError(error);
  }
}

function claimantOf({ attachment, network, netns }: AddRequest, node: string): Claimant {
  const { namespace = '', name = '' } = attachment.pod;
  const holder: Holder = {
    uid: ownerUid(attachment),
    sandbox: attachment.sandbox,
    node,
    pod: { namespace, name },
    ...(netns.path !== '' && { netns }),
  };
  return { holder, network };
}

function isExhausted({ free, cooling, suspect }: PoolUsage): boolean {
  return free === 0n && cooling === 0 && suspect === 0;
}

function logSwitchedOff(plan: AddPlan, log: Logger): void {
  for (const { nic, switchedOff } of plan.nics) {
    for (const family of switchedOff) log.info({ nic, family }, 'family is switched off, left out');
  }
}
