import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { readBootId } from '../../daemon/agent/netns.ts';
import type { Address } from '../../src/ip/address.ts';
import type { AllocationRecord } from '../../src/ledger/record.ts';
import { openStore } from '../../src/ledger/sqlite/open-store.ts';
import { RecordStore } from '../../src/ledger/sqlite/record-store.ts';
import { randomBelow, seededRandom } from '../../test/support/seeded-random.ts';
import { benchNetwork, benchPool } from './agent-folder.ts';

/** Seen by every process as its own, so the agent's sweep looks at it and finds it. */
const netnsPath = '/proc/self/ns/net';

/** Writes a ledger with so many records at random places of the benchmarks' pool, as ADDs would have left them. */
export function fillLedger(path: string, records: number): void {
  const { dev, ino } = statSync(netnsPath, { bigint: true });
  const bootId = readBootId();
  const netns = { path: netnsPath, device: dev, inode: ino, ...(bootId !== undefined && { bootId }) };
  using database = openStore(path);
  const store = new RecordStore(database);
  database.begin('immediate');
  for (const [number, address] of drawAddresses(records).entries()) {
    store.insert(recordOf(address, number, netns));
  }
  database.commit();
}

function drawAddresses(count: number): ReadonlySet<number> {
  const random = seededRandom(BigInt(count));
  const size = BigInt(benchPool.last - benchPool.first + 1);
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(benchPool.first + Number(randomBelow(size, random)));
  return drawn;
}

function recordOf(
  address: Address,
  number: number,
  netns: AllocationRecord['holders'][0]['netns'] & object,
): AllocationRecord {
  const sandbox = `filled-${number}-`.padEnd(64, 'f');
  return {
    address,
    pool: benchPool.name,
    network: benchNetwork,
    nic: 'eth0',
    sinceMs: Date.now(),
    holders: [
      {
        uid: sandbox,
        sandbox,
        // The agent's own default, so that the records are this node's and the sweep looks at them.
        node: hostname(),
        pod: { namespace: 'default', name: `filled-${number}` },
        netns,
      },
    ],
  };
}
