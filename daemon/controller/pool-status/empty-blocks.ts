import type { Block } from '../../../src/ledger/blocks/block.ts';
import type { BlockApi } from '../../../src/ledger/blocks/block-api.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { ForgottenBlocks } from '../../../src/pool-status/forgotten-blocks.ts';
import { rest } from '../../process/rest.ts';

/** Marks live for ten minutes, so a block that stays half a minute longer is no matter. */
const lookEveryMsDefault = 30_000;

/** Between two deletions: ten a second remove a thousand blocks in less than two minutes, and nobody feels them. */
const deletionRestMs = 100;

export interface EmptyBlocksOptions {
  readonly blocks: BlockApi;
  /** The blocks as the mirror has them. */
  readonly known: () => Iterable<Block>;
  /** The longest reuse delay of the pools that cover a block, in milliseconds. */
  readonly reuseDelayMs: (block: Block) => number;
  /** In milliseconds since the epoch. */
  readonly nowMs: () => number;
  readonly log: Logger;
  /** @default 30_000 */
  readonly lookEveryMs?: number;
}

/** Deletes blocks that say nothing any more. A claim that meets a deleted block makes it anew. */
export class EmptyBlocks {
  readonly #options: EmptyBlocksOptions;
  readonly #forgotten = new ForgottenBlocks();

  constructor(options: EmptyBlocksOptions) {
    this.#options = options;
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { known, reuseDelayMs, nowMs, lookEveryMs = lookEveryMsDefault } = this.#options;
    while (!signal.aborted) {
      for (const block of this.#forgotten.find(known(), reuseDelayMs, nowMs())) {
        if (signal.aborted) return;
        if (!(await this.#delete(block, signal))) break;
        await rest(deletionRestMs, signal);
      }
      await rest(lookEveryMs, signal);
    }
  }

  /** @returns false when the API server can't be asked now */
  async #delete(block: Block, signal: AbortSignal): Promise<boolean> {
    const { blocks, log } = this.#options;
    try {
      // One that was changed since is not deleted, and seen again.
      if (await blocks.delete(block, signal)) log.debug({ block: block.name }, 'empty block deleted');
      return true;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, block: block.name }, 'empty block can not be deleted now');
      return false;
    }
  }
}
