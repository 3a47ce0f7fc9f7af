import type { PoolRange } from '../../ipam/want.ts';
import type { Block } from './block.ts';
import type { PatchOperation } from './block-api.ts';
import { SLOTS, slotAddress } from './block-name.ts';
import { blockLabel, blockLabelValue, type Fill, isSubnetLabel, subnetLabel } from './labels.ts';
import { decodeSlot, type RawSlot, type Slot, unusedSlot } from './slot.ts';

/** What a change does to its address: allocate it, free it, or leave it allocated. */
export type ChangeKind = 'take' | 'free' | 'keep';

/** A conditional write of one slot. */
export interface SlotChange {
  readonly index: number;
  readonly kind: ChangeKind;
  /** The slot as the API server last returned it: if it no longer is that, nothing is written. */
  readonly expected: unknown;
  readonly next: RawSlot;
  /** Keys of labels by which the record is found. */
  readonly labels: readonly string[];
  /** Pool that the address is taken from. */
  readonly pool?: PoolRange;
  /** Takes the change back while it was not sent. */
  readonly signal?: AbortSignal;
  /** Called as soon as the write is known to be done, before anybody else sees the slot. Must not throw. */
  readonly onDone?: (slot: Slot, block: Block) => void;
}

/** What came of a change. */
export type ChangeOutcome =
  | {
      readonly kind: 'done';
      /** True when an answer was lost on the way: another commit of the same change may come as late as half a minute after. */
      readonly wasInDoubt: boolean;
    }
  /** The slot holds something else. */
  | { readonly kind: 'lost' };

/** The JSON Patch that makes all of these changes to a block that exists, or none. */
export function patchOf(block: Block, changes: readonly SlotChange[]): PatchOperation[] {
  const slots = changes.flatMap(({ index, expected, next }): PatchOperation[] => [
    { op: 'test', path: `/spec/slots/${index}`, value: expected },
    { op: 'replace', path: `/spec/slots/${index}`, value: next },
  ]);
  // Labels are written even where the block seems to have them: somebody may have removed one since.
  const labels = Object.entries(labelsOf(block, changes)).map(([key, value]) => labelOperation(key, value));
  return [...slots, ...labels];
}

/** An operation that sets a label. */
export function labelOperation(key: string, value: string): PatchOperation {
  return { op: 'add', path: labelPath(key), value };
}

/** Where a label stands in a block's object. */
export function labelPath(key: string): string {
  return `/metadata/labels/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The slots of a block that begins its existence with these changes. */
export function slotsOf(changes: readonly SlotChange[]): RawSlot[] {
  const slots = Array.from({ length: SLOTS }, () => unusedSlot);
  for (const { index, next } of changes) slots[index] = next;
  return slots;
}

/** The labels that these changes need, and for each subnet whether the block has free addresses of it after them. */
export function labelsOf(block: Block, changes: readonly SlotChange[]): Record<string, string> {
  const labels: Record<string, string> = { [blockLabel]: blockLabelValue };
  if (changes.some(({ kind }) => kind === 'free')) {
    for (const key of Object.keys(block.labels)) if (isSubnetLabel(key)) labels[key] = 'open' satisfies Fill;
  }
  for (const { labels: keys } of changes) for (const key of keys) labels[key] = '';
  const pools = new Set(changes.flatMap(({ pool }) => pool ?? []));
  for (const pool of pools) {
    const key = subnetLabel(pool.subnet);
    if (labels[key] === 'open') continue;
    labels[key] = fillOf(block, pool, changes);
  }
  return labels;
}

/** Whether a block has an address of a pool that is not allocated, after these changes. */
export function fillOf(block: Block, pool: PoolRange, changes: readonly SlotChange[]): Fill {
  const next = new Map(changes.map((change) => [change.index, change.next]));
  for (let index = 0; index < SLOTS; index++) {
    const address = slotAddress(block.base, index);
    if (!pool.eligible.contains(address)) continue;
    const raw = next.get(index);
    const { kind } = raw === undefined ? block.slot(index) : decodeSlot(address, raw);
    if (kind === 'unused' || kind === 'freed') return 'open';
  }
  return 'full';
}
