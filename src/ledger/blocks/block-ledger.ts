import { createHash } from 'node:crypto';
import { pause } from '../../async/pause.ts';
import { waitOrAbort } from '../../async/wait-or-abort.ts';
import type { Address } from '../../ip/address.ts';
import type { Chooser } from '../../ipam/choose.ts';
import type { PoolRange, Want } from '../../ipam/want.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import type { Logger } from '../../log/logger.ts';
import type {
  Claimant,
  ClaimOptions,
  ClaimOutcome,
  Ledger,
  PageOptions,
  PoolUsage,
  PreviewOutcome,
  RecordFilter,
  ReleaseCondition,
} from '../ledger.ts';
import type { AllocationRecord, Holder, ReleasedRecord, StaticOwner } from '../record.ts';
import { ownerKey } from '../record-equality.ts';
import { AddressSearch } from './address-search.ts';
import { BlockApi } from './block-api.ts';
import { BlockCache } from './block-cache.ts';
import { SLOTS } from './block-name.ts';
import { BlockReader } from './block-reader.ts';
import { ClaimRun } from './claim-run.ts';
import { nodeLabel } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { markOutliving } from './mark-outliving.ts';
import { Operations } from './operations.ts';
import { OwnRecords } from './own-records.ts';
import { RecordWriter } from './record-writer.ts';
import { ReleaseRun } from './release-run.ts';
import { type ReconcileOptions, type ReconcileReport, Repair, uidKey } from './repair.ts';
import { closedError } from './to-ledger-error.ts';

/** The longest rest between two proofs that a pool is exhausted. */
const PROOF_REST_MS_MAX = 30_000;
/** How long a closing ledger waits for what it is writing; systemd and the kubelet wait longer. */
const CLOSE_WITHIN_MS = 3000;
/** And then for its requests to end, which nothing holds up any more. */
const END_WITHIN_MS = 1000;

export interface BlockLedgerOptions {
  readonly api: KubeApi;
  /** Name of the node whose agent this is. No two processes may have one name at a time. */
  readonly nodeName: string;
  /** The clock, in milliseconds since the epoch. @default Date.now */
  readonly nowMs?: () => number;
  /** A number from 0 to 1, 1 excluded. @default Math.random */
  readonly random?: () => number;
  /** Where the node begins in every pool, from 0 to 1, 1 excluded. @default a hash of its name */
  readonly placement?: number;
  /** The longest rest between two proofs that a pool is exhausted, in milliseconds. @default 30_000 */
  readonly proofBackoffMs?: number;
  /** How long a closing ledger waits for what it is writing, in milliseconds. @default 3000 */
  readonly closeWithinMs?: number;
  readonly log?: Logger;
  /** Told of each conditional write that met another. */
  readonly onConflict?: () => void;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the ledger in the API server for one node, and reads which records that node has.
 * @throws {LedgerError} LEDGER_IO when they can't be read now: nothing may be claimed before they are
 */
export async function openBlockLedger(options: BlockLedgerOptions): Promise<BlockLedger> {
  const ledger = new BlockLedger(options);
  try {
    await ledger.loadOwnRecords(options.signal);
  } catch (error) {
    await ledger[Symbol.asyncDispose]();
    throw error;
  }
  return ledger;
}

/**
 * Opens the ledger in the API server for who is of no node: it reads and releases records of all nodes, and claims none. Nothing is read
 * yet.
 */
export function openNodelessLedger(
  options: Pick<BlockLedgerOptions, 'api' | 'log' | 'nowMs' | 'onConflict'>,
): BlockLedger {
  // No record names a node like this, so none is its own.
  return new BlockLedger({ ...options, nodeName: '' });
}

/** The ledger of a cluster: address blocks in the API server, changed slot by slot by compare-and-swap. */
export class BlockLedger implements Ledger {
  readonly #parts: LedgerParts;
  readonly #search: AddressSearch;
  readonly #reader: BlockReader;
  readonly #writer: RecordWriter;
  readonly #releases: ReleaseRun;
  readonly #operations = new Operations();
  /** Releases of attachments that are under way: a DEL is repeated while the API server is away. */
  readonly #attachments = new Map<string, Promise<readonly AllocationRecord[]>>();
  readonly #closing = new AbortController();
  readonly #closeWithinMs: number;
  #isClosed = false;

  /** Use {@link openBlockLedger}. */
  constructor(options: BlockLedgerOptions) {
    const { nowMs = Date.now, random = Math.random, log, onConflict } = options;
    const place = options.placement ?? placeOf(options.nodeName);
    const closing = this.#closing.signal;
    const api = new BlockApi(options.api, log);
    const cache = new BlockCache({ api, random, log, closing, onConflict: () => onConflict?.() });
    this.#parts = {
      api,
      cache,
      own: new OwnRecords(options.nodeName),
      nodeName: options.nodeName,
      nowMs,
      random,
      place,
      // Of the digits that the place in a pool does not depend on.
      offset: Math.floor(((place * 2 ** 20) % 1) * SLOTS),
      proofRestMsMax: options.proofBackoffMs ?? PROOF_REST_MS_MAX,
      closing,
      log,
    };
    this.#closeWithinMs = options.closeWithinMs ?? CLOSE_WITHIN_MS;
    this.#search = new AddressSearch(this.#parts);
    this.#reader = new BlockReader(this.#parts);
    this.#writer = new RecordWriter(this.#parts, this.#search);
    this.#releases = new ReleaseRun(this.#parts, this.#reader, this.#writer);
  }

  /** Reads the records of this node. Once, before anything else; see {@link openBlockLedger}. */
  async loadOwnRecords(signal?: AbortSignal): Promise<void> {
    const { cache, own, nodeName } = this.#parts;
    await this.#reader.collect(nodeLabel(nodeName), signal, (block) => {
      cache.observe(block);
      for (const stored of block.records()) if (own.isOwn(stored)) own.note(stored);
      return [];
    });
  }

  async claim(
    claimant: Claimant,
    wants: readonly Want[],
    chooser: Chooser,
    { signal }: ClaimOptions = {},
  ): Promise<ClaimOutcome> {
    signal?.throwIfAborted();
    this.#requireOpen();
    const run = this.#claimRun(claimant, wants, chooser, signal);
    const { uid, sandbox } = claimant.holder;
    const keys = [uidKey(uid), sandboxKey(sandbox), ...(claimant.owner ? [ownedKey(claimant.owner)] : [])];
    return waitOrAbort(
      this.#operations.run(keys, async (keepBusy) => run.claim(keepBusy)),
      signal,
    );
  }

  async preview(claimant: Claimant, wants: readonly Want[], chooser: Chooser): Promise<PreviewOutcome> {
    this.#requireOpen();
    return this.#claimRun(claimant, wants, chooser, undefined).preview();
  }

  async confirm(holder: Holder): Promise<readonly AllocationRecord[]> {
    this.#requireOpen();
    const keys = [uidKey(holder.uid), sandboxKey(holder.sandbox)];
    return this.#operations.run(keys, async () => this.#releases.confirm(holder));
  }

  async release(condition: ReleaseCondition): Promise<readonly AllocationRecord[]> {
    this.#requireOpen();
    if (condition.by === 'owner') {
      return this.#operations.run([ownedKey(condition.owner)], async () => this.#releases.release(condition));
    }
    if (condition.by !== 'attachment')
      return this.#operations.run([], async () => this.#releases.release(condition));
    const { sandbox, nic, uid, pod } = condition;
    const key = JSON.stringify([sandbox, nic, uid, pod?.namespace, pod?.name]);
    const underWay = this.#attachments.get(key);
    if (underWay !== undefined) return underWay;
    const keys = [sandboxKey(sandbox), ...(uid === undefined ? [] : [uidKey(uid)])];
    const release = this.#operations
      .run(keys, async () => this.#releases.release(condition))
      .finally(() => this.#attachments.delete(key));
    this.#attachments.set(key, release);
    return release;
  }

  /**
   * Notes that the network namespace of a holder outlives its pod, if record and holder still are as they were read. The mark goes with the
   * holder, or with its sandbox.
   * @returns the record with the mark; undefined when the holder does not stand any more
   */
  async markOutliving(record: AllocationRecord, holder: Holder): Promise<AllocationRecord | undefined> {
    this.#requireOpen();
    return this.#operations.run([uidKey(holder.uid)], async () =>
      markOutliving(this.#parts, this.#writer, { record, holder }),
    );
  }

  async records(filter: RecordFilter, page: PageOptions = {}): Promise<readonly AllocationRecord[]> {
    this.#requireOpen();
    return this.#reader.records(filter, page);
  }

  /** The records of this node as far as this process knows: with a holder on it, or kept for an owner that was last on it. No I/O. */
  ownRecords(): readonly AllocationRecord[] {
    return this.#parts.own.all();
  }

  async lastHolder(address: Address): Promise<ReleasedRecord | undefined> {
    this.#requireOpen();
    return this.#reader.lastHolder(address);
  }

  async usage(pools: readonly PoolRange[]): Promise<readonly PoolUsage[]> {
    this.#requireOpen();
    return this.#reader.usage(pools);
  }

  /**
   * Compares what is known of this node's records with what the API server holds, and repairs both: records of living pods
   * that are missing are put back, unknown ones are adopted, second addresses of one use are freed. To be called every now and then.
   * @throws {LedgerError} LEDGER_IO
   */
  async reconcile(options: ReconcileOptions): Promise<ReconcileReport> {
    this.#requireOpen();
    const tools = { reader: this.#reader, writer: this.#writer, operations: this.#operations };
    return new Repair(this.#parts, tools, options).run();
  }

  /** Gives what is being written a bounded time, then gives it up. Later requests reject with LEDGER_CLOSED. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await within(this.#closeWithinMs, this.#written());
    this.#closing.abort(closedError());
    await within(END_WITHIN_MS, this.#operations.ended());
  }

  async #written(): Promise<void> {
    await Promise.all([...this.#parts.cache.all()].map(async (writer) => writer.written()));
  }

  #claimRun(
    claimant: Claimant,
    wants: readonly Want[],
    chooser: Chooser,
    signal: AbortSignal | undefined,
  ): ClaimRun {
    const tools = { search: this.#search, reader: this.#reader, writer: this.#writer };
    return new ClaimRun(this.#parts, tools, { claimant, wants, chooser, signal });
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

/** Waits for work that never rejects, but only so long. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, pause(ms, done.signal)]);
  done.abort();
}

/** A place from 0 to 1, 1 excluded, that is as good as random but always the same for a name. */
function placeOf(nodeName: string): number {
  return createHash('sha256').update(nodeName).digest().readUIntBE(0, 6) / 2 ** 48;
}

function sandboxKey(sandbox: string): string {
  return `sandbox ${sandbox}`;
}

function ownedKey(owner: StaticOwner): string {
  return `owner ${ownerKey(owner)}`;
}
