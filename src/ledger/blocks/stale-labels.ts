import { KubeError } from '../../kube/kube-api.ts';
import type { Block } from './block.ts';
import { SLOTS } from './block-name.ts';
import { isOwnerLabel, nodeLabel, recordLabels } from './labels.ts';
import type { LedgerParts } from './ledger-parts.ts';
import { labelPath } from './slot-change.ts';

/** Labels of a block that no record in it explains. */
export interface StaleLabels {
  readonly block: Block;
  readonly keys: readonly string[];
}

/** The labels of this node and of static owners that are stale; undefined when there are none, or a slot can't be read. */
export function staleLabels(block: Block, nodeName: string): StaleLabels | undefined {
  const needed = new Set<string>();
  for (let index = 0; index < SLOTS; index++) {
    const slot = block.slot(index);
    if (slot.kind === 'unreadable') return undefined;
    if (slot.kind === 'record') for (const key of recordLabels(slot.record, slot.keptOn)) needed.add(key);
  }
  const own = nodeLabel(nodeName);
  const keys = Object.keys(block.labels).filter(
    (key) => (key === own || isOwnerLabel(key)) && !needed.has(key),
  );
  return keys.length === 0 ? undefined : { block, keys };
}

/** Removes stale labels if the block still is as it was read; else another time. */
export async function tidy({ block, keys }: StaleLabels, { api, cache, log }: LedgerParts): Promise<void> {
  if (cache.peek(block.base)?.isIdle === false) return;
  try {
    const tidied = await api.patch(block.base, [
      { op: 'test', path: '/metadata/resourceVersion', value: block.resourceVersion },
      ...keys.map((key) => ({ op: 'remove', path: labelPath(key) }) as const),
    ]);
    cache.peek(block.base)?.observe(tidied);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    log?.debug({ err: error, block: block.name }, 'labels of a block can not be tidied now');
  }
}
