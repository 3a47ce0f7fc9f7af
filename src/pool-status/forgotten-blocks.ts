import type { Block } from '../ledger/blocks/block.ts';
import { SLOTS } from '../ledger/blocks/block-name.ts';
import { MARK_LIFE_MS } from '../ledger/pool-state.ts';

/** Finds blocks that say nothing any more. It remembers since when it knows marks that lie in the future. */
export class ForgottenBlocks {
  #firstSeenMs = new Map<string, number>();

  /**
   * The blocks without a record whose marks are all forgotten. One with a slot that can't be read is never among them.
   *
   * @param reuseDelayMs the longest delay of the pools that cover a block
   * @param nowMs in milliseconds since the epoch
   */
  find(blocks: Iterable<Block>, reuseDelayMs: (block: Block) => number, nowMs: number): readonly Block[] {
    const firstSeenMs = new Map<string, number>();
    const forgotten: Block[] = [];
    for (const block of blocks) {
      const lifeMs = Math.max(MARK_LIFE_MS, reuseDelayMs(block));
      if (this.#isForgotten(block, nowMs - lifeMs, nowMs, firstSeenMs)) forgotten.push(block);
    }
    this.#firstSeenMs = firstSeenMs;
    return forgotten;
  }

  #isForgotten(block: Block, beforeMs: number, nowMs: number, firstSeenMs: Map<string, number>): boolean {
    let isForgotten = true;
    for (let index = 0; index < SLOTS; index++) {
      const slot = block.slot(index);
      if (slot.kind === 'unused') continue;
      if (slot.kind !== 'freed') return false;
      let { freedMs } = slot.released;
      if (freedMs > nowMs) {
        // Its clock is wrong, so it counts from when it was first seen.
        const key = `${block.name}/${index}/${freedMs}`;
        freedMs = this.#firstSeenMs.get(key) ?? nowMs;
        firstSeenMs.set(key, freedMs);
      }
      if (freedMs > beforeMs) isForgotten = false;
    }
    return isForgotten;
  }
}
