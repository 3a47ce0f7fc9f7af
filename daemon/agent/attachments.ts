import type { Cluster, RequestFacts } from '../../src/cluster/cluster.ts';
import { CniCode, CniError } from '../../src/cni/error.ts';
import { formatAddress } from '../../src/ip/address.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { EnabledFamilies } from '../../src/ipam/facts.ts';
import { planAdd, wantsOf } from '../../src/ipam/plan.ts';
import { allRecords } from '../../src/ledger/all-records.ts';
import type { Claimant } from '../../src/ledger/ledger.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';
import { isOfAttachment } from '../../src/ledger/record-equality.ts';
import type { Logger } from '../../src/log/logger.ts';
import { type Aftermath, tellChanged } from './aftermath.ts';
import { type AllocatedAddress, describeAddresses } from './allocated-address.ts';
import type { AddRequest, Attachment } from './attachment.ts';
import type { AttachmentTurns } from './attachment-turns.ts';
import { claimError } from './claim-error.ts';
import { claimantOf } from './claimant.ts';
import { type Explanation, explainPlan } from './explanation.ts';
import { type LedgerSlot, toCniError } from './ledger-slot.ts';
import { movesWithPools, standingAddresses } from './standing-addresses.ts';
import { surplusRecords } from './surplus-records.ts';
import type { Tombstones } from './tombstones.ts';

/** Problems that a pool may solve of which nothing was heard yet. */
const wantsPool: ReadonlySet<number> = new Set([
  CniCode.noPoolSelected,
  CniCode.poolUnknown,
  CniCode.poolsFiltered,
]);

export interface AttachmentsOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly enabledFamilies: EnabledFamilies;
  readonly tombstones: Tombstones;
  readonly turns: AttachmentTurns;
  readonly aftermath: Aftermath;
  readonly log: Logger;
}

/** What the CNI verbs and the original's routes have in common to give addresses: facts, decision, ledger, result. */
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
    const { aftermath, ledger, tombstones, turns } = this.#options;
    try {
      return await turns.run('allocation', attachment, signal, async () => {
        await tombstones.settle(attachment, ledger.ledger);
        return this.#claim(request, signal);
      });
    } catch (thrown) {
      const error = this.#failed(thrown);
      if (error instanceof CniError) aftermath.refused(attachment.pod, error);
      throw error;
    }
  }

  async #claim(request: AddRequest, signal: AbortSignal): Promise<readonly AllocatedAddress[]> {
    const { aftermath, cluster, log } = this.#options;
    const { facts, plan } = await this.#decide(request, signal);
    const claimant = claimantOf(request, facts, cluster.nodeName);
    const records =
      plan.problem === undefined
        ? await this.#allocate(claimant, plan, facts, signal)
        : await this.#standing(request, claimant, plan, facts, signal);
    if (plan.problem !== undefined && records.length === 0) throw plan.problem;
    logSwitchedOff(plan, log);
    const cleanGateway = new Map(plan.nics.map((one) => [one.nic, one.cleanGateway]));
    const { addresses, leftOver } = describeAddresses(records, {
      catalog: facts.catalog,
      cleanGateway: (nic) => cleanGateway.get(nic) ?? request.nicRequest.cleanGateway,
      customRoutes: plan.customRoutes,
    });
    if (leftOver.length > 0) {
      const gateways = leftOver.map(({ gateway }) => formatAddress(gateway));
      log.info(
        { pod: request.attachment.pod, gateways },
        'routes of the pod are in the subnet of no address',
      );
    }
    aftermath.allocated(claimant.holder, addresses);
    return addresses;
  }

  /** A refusal for want of a pool stands only when there is none that was made or changed a moment ago. */
  async #decide(
    { attachment, nicRequest }: AddRequest,
    signal: AbortSignal,
  ): Promise<{ readonly facts: RequestFacts; readonly plan: AddPlan }> {
    const { cluster, enabledFamilies } = this.#options;
    for (let hasCaughtUp = false; ; hasCaughtUp = true) {
      const facts = await cluster.facts(attachment.pod, { signal });
      const plan = planAdd(nicRequest, facts, enabledFamilies);
      const isFinal = hasCaughtUp || !wantsPool.has(plan.problem?.code ?? 0);
      if (isFinal || !(await cluster.catchUp({ signal }))) return { facts, plan };
    }
  }

  async #allocate(
    claimant: Claimant,
    plan: AddPlan,
    facts: RequestFacts,
    signal: AbortSignal,
  ): Promise<readonly AllocationRecord[]> {
    const { ledger } = this.#options.ledger;
    const outcome = await ledger.claim(claimant, wantsFor(plan, facts), chooseAddress, { signal });
    if (outcome.kind === 'claimed') {
      if (movesWithPools(facts)) void this.#giveUpSurplus(plan, facts);
      return outcome.addresses.map(({ record }) => record);
    }
    const [first] = outcome.refusals;
    if (first === undefined) throw new Error('a refused claim gives no reason');
    throw claimError(first, plan, facts.catalog);
  }

  /** Off the path of the answer: what can't be freed now is freed with the next pod of the name, or when its set is gone. */
  async #giveUpSurplus(plan: AddPlan, { owner }: RequestFacts): Promise<void> {
    const { aftermath, ledger, log } = this.#options;
    if (owner === undefined) return;
    try {
      const { kind, namespace, name } = owner;
      const kept = await allRecords(ledger.ledger, { owner: { kind, namespace, name } });
      for (const record of surplusRecords(plan, kept)) {
        tellChanged(aftermath, await ledger.ledger.release({ by: 'record', record }));
      }
    } catch (error) {
      log.debug({ err: error, owner }, 'addresses that are not asked for any more could not be freed');
    }
  }

  /** What stands although no pool may be used now. Not when an address is asked for. */
  async #standing(
    { attachment: { nic }, nicRequest }: AddRequest,
    claimant: Claimant,
    plan: AddPlan,
    facts: RequestFacts,
    signal: AbortSignal,
  ): Promise<readonly AllocationRecord[]> {
    if (nicRequest.requestedAddresses.length > 0) return [];
    const { cluster, ledger } = this.#options;
    return standingAddresses(ledger.ledger, cluster, { nic, claimant, plan, facts }, signal);
  }

  /** What `add` would do now, without doing it. */
  async explain(request: AddRequest, signal: AbortSignal): Promise<Explanation> {
    const { cluster, ledger } = this.#options;
    const { facts, plan } = await this.#decide(request, signal);
    try {
      return await explainPlan(request, {
        facts,
        plan,
        nodeName: cluster.nodeName,
        // Asked only when there is something to preview: the plan's own problem comes first.
        ledger: {
          preview: (...args) => ledger.ledger.preview(...args),
          usage: (pools) => ledger.ledger.usage(pools),
        },
      });
    } catch (error) {
      return { plan, facts, error: this.#failed(error) };
    }
  }

  /** The records of an attachment. */
  async standing({ sandbox, nic, pod }: Attachment): Promise<readonly AllocationRecord[]> {
    const { cluster, ledger } = this.#options;
    try {
      const records = await ledger.ledger.records({ ...cluster.ownRecords, sandbox, nic });
      return records.filter(({ holders }) => holders.some((one) => isOfAttachment(one, sandbox, pod.uid)));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** What a failure means to the caller. */
  #failed(error: unknown): unknown {
    this.#options.ledger.noteFailure(error);
    return toCniError(error);
  }
}

function wantsFor(plan: AddPlan, facts: RequestFacts): ReturnType<typeof wantsOf> {
  return wantsOf(plan, { keepsByPool: movesWithPools(facts) });
}

function logSwitchedOff(plan: AddPlan, log: Logger): void {
  for (const { nic, switchedOff } of plan.nics) {
    for (const family of switchedOff) log.info({ nic, family }, 'family is switched off, left out');
  }
}
