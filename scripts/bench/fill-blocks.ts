import { SLOTS } from '../../src/ledger/blocks/block-name.ts';
import type { Holder } from '../../src/ledger/record.ts';
import { createObject } from '../../test/support/cluster-objects.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { seededRandom } from '../../test/support/seeded-random.ts';
import { inParallel } from './cluster-pods.ts';
import { filledBlock } from './filled-block.ts';

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
  const holderOf = (address: number): Holder | undefined =>
    address < first || address > last || left.has(address) ? undefined : holderNamed(`filled-${address}`);
  await inParallel(bases, async (base) =>
    createObject(
      plane,
      '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks',
      filledBlock({ base, pool: 'bench', subnet, holderOf }),
    ),
  );
}

function holderNamed(name: string): Holder {
  const uid = `${name}-uid-0000-0000-0000-000000`;
  return { uid, sandbox: name.padEnd(64, 'f'), node, pod: { namespace: 'default', name } };
}
