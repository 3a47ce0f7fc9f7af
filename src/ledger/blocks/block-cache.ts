import type { Address } from '../../ip/address.ts';
import type { Block } from './block.ts';
import { BlockWriter, type WriterParts } from './block-writer.ts';

/** Blocks that are kept at most: some 10 MB when all are full. A node works in a few; only the scan of a large pool meets more. */
const BLOCKS_MAX = 256;

/** The blocks that this process works with, each with its one writer. Those that nobody uses are forgotten, the least recently used first. */
export class BlockCache {
  readonly #parts: WriterParts;
  /** By first address, the least recently used first. */
  readonly #writers = new Map<Address, BlockWriter>();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** The writer of the block that begins with this address. Whoever keeps it over a wait must have it busy. */
  writer(base: Address): BlockWriter {
    const known = this.#writers.get(base);
    const writer = known ?? new BlockWriter(base, this.#parts);
    if (known !== undefined) this.#writers.delete(base);
    this.#writers.set(base, writer);
    if (known === undefined) this.#forgetUnused();
    return writer;
  }

  /** The writer of a block if it is known already; does not count as a use. */
  peek(base: Address): BlockWriter | undefined {
    return this.#writers.get(base);
  }

  /** Takes over a reading that was made for another purpose. */
  observe(block: Block): void {
    this.writer(block.base).observe(block);
  }

  /** All that are known, the least recently used first. */
  all(): Iterable<BlockWriter> {
    return this.#writers.values();
  }

  #forgetUnused(): void {
    if (this.#writers.size <= BLOCKS_MAX) return;
    let last: BlockWriter | undefined;
    for (const writer of this.#writers.values()) last = writer;
    for (const [base, writer] of this.#writers) {
      if (this.#writers.size <= BLOCKS_MAX) return;
      if (writer.isIdle && writer !== last) this.#writers.delete(base);
    }
  }
}
