import type { AllocatedAddress } from '../../../src/api/pool-validation.ts';
import type { Cidr } from '../../../src/ip/cidr.ts';
import type { RangeSet } from '../../../src/ip/range-set.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { Block } from '../../../src/ledger/blocks/block.ts';
import { BlockApi, restarting } from '../../../src/ledger/blocks/block-api.ts';
import { SLOTS, slotAddress } from '../../../src/ledger/blocks/block-name.ts';
import { subnetLabel } from '../../../src/ledger/blocks/labels.ts';
import { PoolBlocks } from '../../../src/ledger/blocks/pool-blocks.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import type { Logger } from '../../../src/log/logger.ts';

/** So few blocks are read one by one, which costs less than a list of a large network's. */
const singleReadsMax = 8n;

/** Which addresses of a network are asked about. */
export interface InUseQuery {
  readonly subnet: Cidr;
  /** Names of the pools whose addresses count. */
  readonly pools: ReadonlySet<string>;
  /** Only these addresses. @default all, those that the pools no longer have among them */
  readonly among?: RangeSet;
  /** How many are of interest. @default all */
  readonly limit?: number;
}

/** Which addresses are in use, always as the API server says right now. */
export class AddressesInUse {
  readonly #blocks: BlockApi;

  constructor(api: KubeApi, log: Logger) {
    this.#blocks = new BlockApi(api, log);
  }

  /**
   * The addresses in use of some pools.
   *
   * @throws KubeError, or the signal's reason
   */
  async find(query: InUseQuery, signal: AbortSignal): Promise<readonly AllocatedAddress[]> {
    return restarting(async () => {
      const found: AllocatedAddress[] = [];
      const limit = query.limit ?? Number.POSITIVE_INFINITY;
      for await (const page of this.#pages(query, signal)) {
        for (const block of page) found.push(...inUse(block, query));
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    });
  }

  async *#pages(
    { subnet, among }: InUseQuery,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Block[], void, undefined> {
    const few = among && new PoolBlocks(among);
    if (few === undefined || few.count > singleReadsMax) {
      yield* this.#blocks.list(subnetLabel(subnet), signal);
      return;
    }
    for (const base of few.ring(0n)) yield [await this.#blocks.get(base, signal)];
  }
}

function* inUse(block: Block, { pools, among }: InUseQuery): Generator<AllocatedAddress, void, undefined> {
  for (let index = 0; index < SLOTS; index++) {
    const slot = block.slot(index);
    const address = slotAddress(block.base, index);
    if (among !== undefined && !among.contains(address)) continue;
    if (slot.kind === 'record' && pools.has(slot.record.pool)) yield { address, pod: userOf(slot.record) };
    // Of whom it is can't be told, only that somebody may have it: no reason against what has nothing to do with it.
    else if (slot.kind === 'unreadable' && among !== undefined) yield { address, pod: 'unknown' };
  }
}

function userOf({ holders, owner }: AllocationRecord): string {
  const user = holders.at(-1)?.pod ?? owner;
  return user === undefined ? 'unknown' : `${user.namespace}/${user.name}`;
}
