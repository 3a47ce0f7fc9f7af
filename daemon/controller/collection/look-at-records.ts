import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CollectionRules,
  findingOf,
  type HolderFinding,
} from '../../../src/collection/holder-finding.ts';
import type { Sighting } from '../../../src/collection/suspicions.ts';
import { addressKey } from '../../../src/ledger/address-key.ts';
import type { Block, StoredRecord } from '../../../src/ledger/blocks/block.ts';
import { SLOTS } from '../../../src/ledger/blocks/block-name.ts';
import type { AllocationRecord, Holder } from '../../../src/ledger/record.ts';
import type { LeaderView } from '../leader/leader-view.ts';

/** Blocks that are looked at before others get their turn: a few milliseconds' work. */
const blocksOfTurn = 32;

/** A holder that may have to go. */
export interface HolderSighting extends Sighting {
  readonly record: AllocationRecord;
  readonly holder: Holder;
  readonly finding: HolderFinding;
}

/** What a look at all records, as they are mirrored, has shown. */
export interface RecordLook {
  /** Records that were looked at. */
  readonly examined: number;
  /** Slots that can't be read; they are left alone. */
  readonly unreadable: number;
  readonly sightings: readonly HolderSighting[];
  /** Kept for their static owners, and held by nobody. */
  readonly unheld: readonly StoredRecord[];
}

/** Whether what is known of pods and nodes was heard lately. */
export interface ViewAge {
  readonly arePodsCurrent: boolean;
  readonly areNodesCurrent: boolean;
}

/** Looks at every record by what is known of its pods and nodes. Reads nothing. */
export async function lookAtRecords(
  view: LeaderView,
  rules: CollectionRules,
  age: ViewAge,
): Promise<RecordLook> {
  const sightings: HolderSighting[] = [];
  const unheld: StoredRecord[] = [];
  let examined = 0;
  let unreadable = 0;
  let blocks = 0;
  const pods = view.pods.items;
  const nodes = view.nodes.items;
  const look = (block: Block): void => {
    for (let index = 0; index < SLOTS; index += 1) {
      const slot = block.slot(index);
      if (slot.kind === 'unreadable') unreadable += 1;
      if (slot.kind !== 'record') continue;
      examined += 1;
      const { record } = slot;
      if (record.owner !== undefined && record.holders.length === 0) unheld.push(slot);
      for (const holder of record.holders) {
        const { namespace, name } = holder.pod;
        const facts = { pod: pods.get(`${namespace}/${name}`), node: nodes.get(holder.node) };
        const finding = findingOf(record, holder, facts, rules);
        if (finding !== undefined) sightings.push(sightingOf(record, holder, finding, age));
      }
    }
  };
  for (const block of view.blocks.items.values()) {
    look(block);
    blocks += 1;
    if (blocks % blocksOfTurn === 0) await nextTurn();
  }
  return { examined, unreadable, sightings, unheld };
}

function sightingOf(
  record: AllocationRecord,
  holder: Holder,
  finding: HolderFinding,
  { arePodsCurrent, areNodesCurrent }: ViewAge,
): HolderSighting {
  const { reason, waitMs } = finding;
  const isOfNode = reason === 'node-gone' || reason === 'node-silent';
  return {
    key: suspicionKey(record, holder),
    reason,
    waitMs,
    isCurrent: isOfNode ? areNodesCurrent : arePodsCurrent,
    record,
    holder,
    finding,
  };
}

/** One holder of one allocation in one namespace: what was seen of a former one says nothing about the present one. */
function suspicionKey(
  { address, nic, sinceMs }: AllocationRecord,
  { uid, sandbox, node, netns }: Holder,
): string {
  const { inode, bootId } = netns ?? {};
  return [addressKey(address), nic, sinceMs, uid, sandbox, node, inode, bootId].join('\0');
}
