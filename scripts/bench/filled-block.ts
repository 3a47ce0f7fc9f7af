import { formatAddress } from '../../src/ip/address.ts';
import type { Cidr } from '../../src/ip/cidr.ts';
import { formatRange } from '../../src/ip/range.ts';
import { blockName, blockRange, SLOTS } from '../../src/ledger/blocks/block-name.ts';
import { blockLabel, blockLabelValue, nodeLabel, subnetLabel } from '../../src/ledger/blocks/labels.ts';
import { encodeRecord, unusedSlot } from '../../src/ledger/blocks/slot.ts';
import type { Holder } from '../../src/ledger/record.ts';

export interface FilledBlockOptions {
  /** The first address. */
  readonly base: number;
  readonly pool: string;
  readonly subnet: Cidr;
  /** Who holds an address; undefined leaves it unused. */
  readonly holderOf: (address: number) => Holder | undefined;
}

/** A SpiderIPBlock as agents would have left it. */
export function filledBlock({ base, pool, subnet, holderOf }: FilledBlockOptions): object {
  const addresses = Array.from({ length: SLOTS }, (_, index) => base + index);
  const holders = addresses.map(holderOf);
  const nodes = new Set(holders.flatMap((holder) => holder?.node ?? []));
  const isFull = holders.every((holder) => holder !== undefined);
  return {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPBlock',
    metadata: {
      name: blockName(base),
      labels: {
        [blockLabel]: blockLabelValue,
        ...Object.fromEntries([...nodes].map((node) => [nodeLabel(node), ''])),
        [subnetLabel(subnet)]: isFull ? 'full' : 'open',
      },
    },
    spec: {
      base: formatAddress(base),
      range: formatRange(blockRange(base)),
      slots: addresses.map((address, index) => {
        const holder = holders[index];
        if (holder === undefined) return unusedSlot;
        const use = { pool, network: 'bench', nic: 'eth0', sinceMs: Date.now() };
        return encodeRecord({ address, ...use, holders: [holder] });
      }),
    },
  };
}
