import { type Address, compareAddresses } from '../../ip/address.ts';
import type { AttachmentCondition } from '../plan-release.ts';
import type { AllocationRecord, StaticOwner } from '../record.ts';
import { isImportedOf, ownerKey, sameOwner } from '../record-equality.ts';
import type { Block, StoredRecord } from './block.ts';
import { slotIndex } from './block-name.ts';

/** Addresses remembered as freed since the last repair: more than a node frees between two. */
const REMOVALS_MAX = 10_000;

interface Entry extends StoredRecord {
  /** When it was last written, on the index's own clock. */
  readonly version: number;
}

/**
 * The records of this node: with a holder on it, or kept for an owner whose pod was last on it. It follows what this process has
 * written and what it has found by its node's label, so it may lag behind what others do to them: whoever acts on a
 * record writes on condition that it still stands.
 */
export class OwnRecords {
  readonly #nodeName: string;
  readonly #entries = new Map<Address, Entry>();
  readonly #byUid = new Map<string, Set<Address>>();
  readonly #bySandbox = new Map<string, Set<Address>>();
  readonly #byOwner = new Map<string, Set<Address>>();
  readonly #removals = new Map<Address, number>();
  #version = 0;

  constructor(nodeName: string) {
    this.#nodeName = nodeName;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Grows with every change: what was noted after a reading began is newer than the reading. */
  get version(): number {
    return this.#version;
  }

  /** Whether a record belongs in here. */
  isOwn({ record, keptOn }: StoredRecord): boolean {
    if (record.holders.length === 0) return keptOn === this.#nodeName;
    return record.holders.some((holder) => holder.node === this.#nodeName);
  }

  at(address: Address): StoredRecord | undefined {
    return this.#entries.get(address);
  }

  /** Whether what is known of an address has changed after that version. */
  hasChangedSince(version: number, address: Address): boolean {
    return (this.#entries.get(address)?.version ?? this.#removals.get(address) ?? 0) > version;
  }

  /** The records that a pod holds, in address order. */
  ofUid(uid: string): AllocationRecord[] {
    return this.#sorted(this.#byUid.get(uid));
  }

  /** The records of a static owner, in address order. */
  ofOwner(owner: StaticOwner): AllocationRecord[] {
    return this.#sorted(this.#byOwner.get(ownerKey(owner))).filter((it) => sameOwner(it.owner, owner));
  }

  /** The records of a sandbox's NIC, and what was imported for that NIC of its pod, in address order. */
  ofAttachment({ sandbox, nic, uid, pod }: AttachmentCondition): AllocationRecord[] {
    const imported = this.#sorted(this.#bySandbox.get('')).filter((record) =>
      record.holders.some((holder) => isImportedOf(holder, pod, uid)),
    );
    const attached = [...this.#sorted(this.#bySandbox.get(sandbox)), ...imported];
    return attached.filter((record) => record.nic === nic);
  }

  /** All, in address order. */
  all(): AllocationRecord[] {
    return this.#sorted(this.#entries.keys());
  }

  /** Every record with the version at which it was noted. */
  entries(): Iterable<StoredRecord & { readonly version: number }> {
    return this.#entries.values();
  }

  /** Notes how a record stands; one that is not this node's (any more) is forgotten. */
  note(stored: StoredRecord): void {
    const { record, keptOn } = stored;
    if (!this.isOwn(stored)) {
      this.remove(record.address);
      return;
    }
    this.#unlink(record.address);
    this.#version++;
    this.#removals.delete(record.address);
    this.#entries.set(record.address, { record, keptOn, version: this.#version });
    for (const [map, key] of this.#keysOf(record)) {
      const addresses = map.get(key) ?? new Set();
      addresses.add(record.address);
      map.set(key, addresses);
    }
  }

  /** Forgets the record of an address. */
  remove(address: Address): void {
    this.#version++;
    this.#unlink(address);
    this.#entries.delete(address);
    this.#removals.delete(address);
    this.#removals.set(address, this.#version);
    for (const oldest of this.#removals.keys()) {
      if (this.#removals.size <= REMOVALS_MAX) break;
      this.#removals.delete(oldest);
    }
  }

  #unlink(address: Address): void {
    const entry = this.#entries.get(address);
    if (entry === undefined) return;
    for (const [map, key] of this.#keysOf(entry.record)) {
      const addresses = map.get(key);
      addresses?.delete(address);
      if (addresses?.size === 0) map.delete(key);
    }
  }

  *#keysOf(record: AllocationRecord): Generator<[Map<string, Set<Address>>, string], void, undefined> {
    for (const { uid, sandbox } of record.holders) {
      yield [this.#byUid, uid];
      yield [this.#bySandbox, sandbox];
    }
    if (record.owner !== undefined) yield [this.#byOwner, ownerKey(record.owner)];
  }

  #sorted(addresses: Iterable<Address> | undefined): AllocationRecord[] {
    const records = [...(addresses ?? [])].flatMap((address) => this.#entries.get(address)?.record ?? []);
    return records.sort((a, b) => compareAddresses(a.address, b.address));
  }
}

/**
 * Whether an address that this node has a record of is gone without a trace (its block was deleted by hand, or the store is an older
 * one): its pod may run, so it is given to nobody before the repair has looked. What was freed leaves a mark instead.
 */
export function isVanished(own: OwnRecords, block: Block, address: Address): boolean {
  return own.at(address) !== undefined && block.slot(slotIndex(address)).kind === 'unused';
}
