import type { Cluster } from '../../src/cluster/cluster.ts';
import { allRecords } from '../../src/ledger/all-records.ts';
import type { AllocationRecord, PodName } from '../../src/ledger/record.ts';
import { isOfAttachment } from '../../src/ledger/record-equality.ts';
import type { Logger } from '../../src/log/logger.ts';
import { type Aftermath, tellChanged } from './aftermath.ts';
import type { Attachment } from './attachment.ts';
import type { AttachmentTurns } from './attachment-turns.ts';
import type { LedgerSlot } from './ledger-slot.ts';
import { conditionOf, type ReleaseRules } from './release-rules.ts';
import type { Tombstones } from './tombstones.ts';

/** A release that takes longer than this is answered from a tombstone, so that a runtime never waits for the store. */
const releaseAnswerMs = 3_000;

export interface ReleasesOptions {
  readonly cluster: Cluster;
  readonly ledger: LedgerSlot;
  readonly rules: ReleaseRules;
  readonly tombstones: Tombstones;
  readonly turns: AttachmentTurns;
  readonly aftermath: Aftermath;
  readonly log: Logger;
}

/** The DELs of runtimes. They always succeed: what can't be done now is done from a tombstone. */
export class Releases {
  readonly #options: ReleasesOptions;

  constructor(options: ReleasesOptions) {
    this.#options = options;
  }

  /**
   * Releases what an attachment holds, or leaves a tombstone that is played back when the store can be written. Never fails.
   *
   * @returns how many addresses were freed, or that this is left for later
   */
  async del(attachment: Attachment): Promise<number | 'later'> {
    const { log, turns } = this.#options;
    const released = turns.run('release', attachment, undefined, () => this.#release(attachment));
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

  async #release(attachment: Attachment): Promise<number> {
    const freed = await this.#options.rules.release(this.#options.ledger.ledger, attachment);
    await this.#options.tombstones.discard(attachment);
    return freed;
  }

  /** A pod that lived at the DEL of its sandbox is gone by now: does what that DEL left. */
  async podGone(pod: PodName): Promise<void> {
    for (const attachment of this.#options.rules.takeKept(pod)) await this.del(attachment);
  }

  /** What a sandbox holds. @throws LedgerError when the ledger can't be read now */
  ofSandbox(sandbox: string): Promise<AllocationRecord[]> {
    const { cluster, ledger } = this.#options;
    return allRecords(ledger.ledger, { ...cluster.ownRecords, sandbox });
  }

  /**
   * Takes all addresses away from a sandbox although its pod lives, those of a static workload too: they are in use elsewhere.
   *
   * @returns the records as they were
   * @throws LedgerError when the ledger can't be read or written now
   */
  async revoke({ sandbox, pod }: Omit<Attachment, 'nic'>): Promise<readonly AllocationRecord[]> {
    const { aftermath, ledger, turns } = this.#options;
    const revoked: AllocationRecord[] = [];
    for (const record of await this.ofSandbox(sandbox)) {
      const isOnlyHolder = record.holders.every((holder) => isOfAttachment(holder, sandbox, pod.uid));
      const attachment = { sandbox, nic: record.nic, pod };
      const condition = isOnlyHolder ? ({ by: 'record', record } as const) : conditionOf(attachment);
      revoked.push(
        ...(await turns.run('release', attachment, undefined, () => ledger.ledger.release(condition))),
      );
    }
    tellChanged(aftermath, revoked);
    return revoked;
  }
}
