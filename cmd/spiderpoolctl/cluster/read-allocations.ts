import type { Address } from '../../../src/ip/address.ts';
import { compareAddresses } from '../../../src/ip/address.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { BlockApi } from '../../../src/ledger/blocks/block-api.ts';
import { blockLabel, nodeLabel } from '../../../src/ledger/blocks/labels.ts';
import { matches } from '../../../src/ledger/blocks/matches.ts';
import type { RecordFilter } from '../../../src/ledger/ledger.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';

/** How often the reading is begun anew because its continuation has expired: each time it is further on. */
const restartsMax = 100;

/**
 * The records that match, in address order, a page of blocks at a time: only one page is held. Not one instant's picture when it
 * takes longer than the API server remembers, but none is told twice, and none that stands all the time is missed.
 *
 * @throws KubeError, the signal's reason
 */
export async function* readAllocations(
  api: KubeApi,
  filter: RecordFilter,
  signal: AbortSignal,
): AsyncGenerator<readonly AllocationRecord[], void, undefined> {
  const blocks = new BlockApi(api, undefined);
  const selector = filter.node === undefined ? blockLabel : nodeLabel(filter.node);
  let told: Address | undefined;
  for (let restarts = 0; ; restarts += 1) {
    try {
      for await (const page of blocks.list(selector, signal)) {
        const after = told;
        const records = page
          .filter(({ base }) => after === undefined || compareAddresses(base, after) > 0)
          .flatMap((block) => Array.from(block.records(), ({ record }) => record))
          .filter((record) => matches(record, filter));
        yield records;
        told = page.at(-1)?.base ?? told;
      }
      return;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 410 || restarts === restartsMax) throw error;
    }
  }
}
