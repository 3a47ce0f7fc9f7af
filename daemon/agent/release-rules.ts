import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Ledger, ReleaseCondition } from '../../src/ledger/ledger.ts';
import type { AllocationRecord, Holder, PodName, StaticOwner } from '../../src/ledger/record.ts';
import { isOfAttachment, ownerKey } from '../../src/ledger/record-equality.ts';
import type { Logger } from '../../src/log/logger.ts';
import { type Aftermath, tellChanged } from './aftermath.ts';
import type { Attachment } from './attachment.ts';
import type { PodLiveness } from './pod-liveness.ts';

/** Pods at most whose DELs are remembered because they lived. Beyond, the sweep finds what they leave behind. */
const keptPodsMax = 10_000;

/** A static owner is waited for this long within a DEL; then the sweep looks at it. */
const ownerMs = 2_000;

/** What the rules work with. */
export interface ReleaseRulesOptions {
  readonly cluster: Cluster;
  /** Undefined where nothing tells of pods: every DEL frees. */
  readonly liveness: PodLiveness | undefined;
  readonly aftermath: Aftermath;
  readonly log: Logger;
}

/**
 * What a DEL frees, now or from a tombstone. A pod that lives keeps its addresses: its sandbox is being made again. Those of a
 * static workload lose their holder and stay, as long as what keeps them is there.
 */
export class ReleaseRules {
  readonly #options: ReleaseRulesOptions;
  /** By pod and then by NIC: the last attachment whose DEL freed nothing because the pod lived. */
  readonly #kept = new Map<string, Map<string, Attachment>>();

  constructor(options: ReleaseRulesOptions) {
    this.#options = options;
  }

  /**
   * Does a DEL.
   *
   * @returns how many records were freed or lost their holder
   * @throws LedgerError when the ledger can't be read or written now, CniError with code 11 when it can't be told whether the pod lives
   */
  async release(ledger: Ledger, attachment: Attachment): Promise<number> {
    if (await this.#isKept(ledger, attachment)) return 0;
    const released = await ledger.release(conditionOf(attachment));
    await this.#freeUnowned(ledger, released, attachment);
    tellChanged(this.#options.aftermath, released);
    return released.length;
  }

  /** The DELs of this pod that freed nothing because it lived. They are forgotten. */
  takeKept(pod: PodName): Attachment[] {
    const byNic = this.#kept.get(podKey(pod));
    this.#kept.delete(podKey(pod));
    return [...(byNic?.values() ?? [])];
  }

  async #isKept(ledger: Ledger, attachment: Attachment): Promise<boolean> {
    const { liveness, log } = this.#options;
    if (liveness === undefined) return false;
    for (const holder of await this.#holders(ledger, attachment)) {
      if (!(await liveness.isSurelyLiving(holder))) continue;
      this.#keep(holder.pod, attachment);
      log.debug({ ...attachment }, 'pod lives: its addresses stay');
      return true;
    }
    return false;
  }

  /** Who holds what the DEL would free: at most two pods, of the attachment itself, and of an imported record. */
  async #holders(ledger: Ledger, { sandbox, nic, pod }: Attachment): Promise<Holder[]> {
    const { ownRecords } = this.#options.cluster;
    const attached = await ledger.records({ ...ownRecords, sandbox, nic });
    const name = podName(pod);
    const ofPod = name === undefined ? [] : await ledger.records({ ...ownRecords, pod: name, nic });
    const holders = [
      ...attached.flatMap(({ holders: all }) => all.filter((one) => isOfAttachment(one, sandbox, pod.uid))),
      ...ofPod.flatMap(({ holders: all }) => all.filter((one) => one.sandbox === '')),
    ];
    return [...new Map(holders.map((one) => [one.uid, one])).values()];
  }

  #keep(pod: PodName, attachment: Attachment): void {
    if (pod.name === '') return;
    const key = podKey(pod);
    const byNic = this.#kept.get(key) ?? new Map<string, Attachment>();
    byNic.set(attachment.nic, attachment);
    this.#kept.set(key, byNic);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptPodsMax && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Frees the records that lost their last holder and whose static owner is no longer valid. What can't be asked now is the sweep's. */
  async #freeUnowned(
    ledger: Ledger,
    released: readonly AllocationRecord[],
    { sandbox, pod }: Attachment,
  ): Promise<void> {
    const { cluster, log } = this.#options;
    const owners = new Map<string, StaticOwner>();
    for (const { owner, holders } of released) {
      const isLast = holders.every((one) => one.sandbox === '' || isOfAttachment(one, sandbox, pod.uid));
      if (owner !== undefined && isLast) owners.set(ownerKey(owner), owner);
    }
    for (const owner of owners.values()) {
      try {
        if (!(await cluster.isOwnerValid(owner, { signal: AbortSignal.timeout(ownerMs) })))
          await ledger.release({ by: 'owner', owner });
      } catch (error) {
        log.debug({ err: error, owner }, 'static owner could not be looked at');
      }
    }
  }
}

/** The pod by its name, where the runtime told it. */
export function podName({ namespace, name }: Attachment['pod']): PodName | undefined {
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** The condition that names the records of an attachment. */
export function conditionOf({ sandbox, nic, pod }: Attachment): ReleaseCondition {
  const name = podName(pod);
  return {
    by: 'attachment',
    sandbox,
    nic,
    ...(pod.uid !== undefined && { uid: pod.uid }),
    ...(name && { pod: name }),
  };
}

function podKey({ namespace, name }: PodName): string {
  return `${namespace}/${name}`;
}
