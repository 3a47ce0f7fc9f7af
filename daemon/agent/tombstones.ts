import { CniCode, CniError } from '../../src/cni/error.ts';
import type { Tombstone } from '../../src/cni/tombstone.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Logger } from '../../src/log/logger.ts';
import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import { type Attachment, attachmentKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { ReleaseRules } from './release-rules.ts';
import type { TombstoneFiles } from './tombstone-files.ts';

/** DELs that are kept in memory because not even a tombstone could be written; beyond, the sweep has to find the leak. */
const unwrittenMax = 10_000;

/** Tombstones that are played back together: enough to share the ledger's commits, few enough for open files. */
const replayedAtOnce = 100;

export interface TombstonesOptions {
  readonly files: TombstoneFiles;
  /** What a DEL frees. */
  readonly rules: ReleaseRules;
  /** Shared with everything else that works on attachments. */
  readonly mutex: KeyedMutex;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
}

/** The DELs that still have to be done: left by the plugin while the agent was away, or by the agent while its store was. */
export class Tombstones {
  readonly #files: TombstoneFiles;
  readonly #rules: ReleaseRules;
  readonly #mutex: KeyedMutex;
  readonly #metrics: AgentMetrics;
  readonly #log: Logger;
  /** DELs for which no file could be written, by the name that the file would have. */
  readonly #unwritten = new Map<string, Tombstone>();
  /** Files that are being written, by name: one that appears after an ADD has settled would undo that ADD. */
  readonly #writing = new Map<string, Promise<void>>();

  constructor({ files, rules, mutex, metrics, log }: TombstonesOptions) {
    this.#files = files;
    this.#rules = rules;
    this.#mutex = mutex;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Leaves a tombstone for an attachment. Never fails: what can't be written is kept in memory. */
  async write(attachment: Attachment): Promise<void> {
    const name = this.#files.nameFor(attachment.sandbox, attachment.nic);
    const before = this.#writing.get(name) ?? Promise.resolve();
    const writing = before.then(() => this.#write(name, attachment));
    this.#writing.set(name, writing);
    await writing;
    if (this.#writing.get(name) === writing) this.#writing.delete(name);
  }

  async #write(name: string, { sandbox, nic, pod }: Attachment): Promise<void> {
    const tombstone: Tombstone = {
      containerId: sandbox,
      ifName: nic,
      createdMs: Date.now(),
      ...(pod.namespace !== undefined && { podNamespace: pod.namespace }),
      ...(pod.name !== undefined && { podName: pod.name }),
      ...(pod.uid !== undefined && { podUid: pod.uid }),
    };
    try {
      await this.#files.write(tombstone);
      this.#log.warn({ sandbox, nic }, 'left a tombstone');
    } catch (error) {
      const kept = this.#unwritten.size < unwrittenMax;
      if (kept) this.#unwritten.set(name, tombstone);
      this.#log.error({ err: error, sandbox, nic, kept }, 'tombstone could not be written');
    }
  }

  /**
   * Does the DEL that waits for this attachment, if one does. The caller holds the attachment's lock.
   *
   * @throws CniError with code 11 when it can't be done now: the ADD must not go on before it
   */
  async settle({ sandbox, nic }: Pick<Attachment, 'sandbox' | 'nic'>, ledger: Ledger): Promise<void> {
    const name = this.#files.nameFor(sandbox, nic);
    await this.#writing.get(name);
    if (!this.#unwritten.has(name) && !this.#files.exists(name)) return;
    try {
      await this.#playBack(name, ledger);
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      const message = `an earlier DEL of container ${sandbox}, NIC ${nic} has to be done first, and fails: ${cause}`;
      throw new CniError(CniCode.tryAgainLater, message, { cause: error });
    }
  }

  /** Forgets the tombstone of an attachment that has been released since. The caller holds the attachment's lock. */
  async discard({ sandbox, nic }: Pick<Attachment, 'sandbox' | 'nic'>): Promise<void> {
    const name = this.#files.nameFor(sandbox, nic);
    await this.#writing.get(name);
    this.#unwritten.delete(name);
    if (this.#files.exists(name)) await this.#files.remove(name);
  }

  /**
   * Does all DELs that wait, or as many as it comes to before the signal is aborted. Those that fail stay for the next time.
   *
   * @returns how many still wait
   */
  async replay(ledger: Ledger, signal?: AbortSignal): Promise<number> {
    const names = [...new Set([...(await this.#files.list()), ...this.#unwritten.keys()])];
    let done = 0;
    for (let at = 0; at < names.length; at += replayedAtOnce) {
      if (signal?.aborted === true) break;
      const batch = names.slice(at, at + replayedAtOnce);
      // At once, so that the ledger commits them together.
      const outcomes = await Promise.all(batch.map((name) => this.#tryReplay(name, ledger)));
      done += outcomes.filter(Boolean).length;
    }
    const waiting = names.length - done;
    this.#metrics.tombstones(waiting);
    return waiting;
  }

  async #tryReplay(name: string, ledger: Ledger): Promise<boolean> {
    try {
      await this.#replayOne(name, ledger);
      return true;
    } catch (error) {
      this.#log.warn({ err: error, tombstone: name }, 'tombstone could not be played back');
      return false;
    }
  }

  async #replayOne(name: string, ledger: Ledger): Promise<void> {
    const tombstone = await this.#read(name);
    if (tombstone === undefined) return;
    const key = attachmentKey({ sandbox: tombstone.containerId, nic: tombstone.ifName });
    // Read again under the lock: an ADD of the same container id may have settled it meanwhile.
    await this.#mutex.run(key, undefined, () => this.#playBack(name, ledger));
  }

  async #playBack(name: string, ledger: Ledger): Promise<void> {
    const tombstone = await this.#read(name);
    if (tombstone === undefined) return;
    const attachment = attachmentOf(tombstone);
    const { sandbox, nic } = attachment;
    const addresses = await this.#rules.release(ledger, attachment);
    await this.#files.remove(name);
    this.#unwritten.delete(name);
    this.#log.info({ sandbox, nic, addresses }, 'played back a tombstone');
  }

  async #read(name: string): Promise<Tombstone | undefined> {
    const file = await this.#files.read(name);
    if (file?.kind === 'tombstone') return file.tombstone;
    if (file !== undefined) {
      const aside = await this.#files.setAside(name);
      this.#log.error({ tombstone: aside, problem: file.problem }, 'tombstone is damaged, put aside');
    }
    return this.#unwritten.get(name);
  }
}

/** The attachment whose DEL a tombstone stands for. */
function attachmentOf({ containerId, ifName, podNamespace, podName, podUid }: Tombstone): Attachment {
  return {
    sandbox: containerId,
    nic: ifName,
    pod: {
      ...(podNamespace !== undefined && { namespace: podNamespace }),
      ...(podName !== undefined && { name: podName }),
      ...(podUid !== undefined && { uid: podUid }),
    },
  };
}
