import { formatAddress } from '../../src/ip/address.ts';
import { formatRange } from '../../src/ip/range.ts';
import { blockName, blockRange, SLOTS } from '../../src/ledger/blocks/block-name.ts';
import { blockLabel, blockLabelValue, nodeLabel, subnetLabel } from '../../src/ledger/blocks/labels.ts';
import { encodeRecord, type RawSlot, unusedSlot } from '../../src/ledger/blocks/slot.ts';
import { createObject } from '../../test/support/cluster-objects.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { inParallel } from './cluster-pods.ts';
import { seededRandom } from './random.ts';

/** 10.6.0.0/16 less its first and last address. */
const first = 0x0a_06_00_01;
const last = 0x0a_06_ff_fe;
const subnet = { family: 4, network: 0x0a_06_00_00, prefixLength: 16 } as const;
const node = 'filled';

/** Takes all addresses of the benchmarks' pool in 10.6.0.0/16 but `free` at random places, by pods of a node that no agent serves. */
export async function fillBlocks(plane: ControlPlane, free: number): Promise<void> {
  const random = seededRandom(BigInt(free));
  const left = new Set<number>();
  while (left.size < free) left.add(first + Math.floor(random() * (last - first + 1)));
  const bases: number[] = [];
  for (let base = first - (first % SLOTS); base <= last; base += SLOTS) bases.push(base);
  await inParallel(bases, async (base) =>
    createObject(plane, '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks', blockOf(base, left)),
  );
}

function blockOf(base: number, free: ReadonlySet<number>): object {
  const addresses = Array.from({ length: SLOTS }, (_, index) => base + index);
  const isFull = addresses.every((address) => !free.has(address));
  return {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPBlock',
    metadata: {
      name: blockName(base),
      labels: {
        [blockLabel]: blockLabelValue,
        [nodeLabel(node)]: '',
        [subnetLabel(subnet)]: isFull ? 'full' : 'open',
      },
    },
    spec: {
      base: formatAddress(base),
      range: formatRange(blockRange(base)),
      slots: addresses.map((address) => slotOf(address, free)),
    },
  };
}

function slotOf(address: number, free: ReadonlySet<number>): RawSlot {
  if (address < first || address > last || free.has(address)) return unusedSlot;
  const name = `filled-${address}`;
  const sandbox = name.padEnd(64, 'f');
  const pod = { namespace: 'default', name };
  const holders = [{ uid: `${name}-uid-0000-0000-0000-000000`, sandbox, node, pod }];
  return encodeRecord({
    address,
    pool: 'bench',
    network: 'bench',
    nic: 'eth0',
    sinceMs: Date.now(),
    holders,
  });
}
