/**
 * A process that claims and releases without end, for the test that kills it. It prints what was acknowledged, and what it
 * is about to release: `claimed POD KEY`, `releasing POD`, `released POD`, one line each, written at once.
 * Arguments: the ledger's file, and a prefix for the names of its pods.
 */
import { writeSync } from 'node:fs';
import { chooseAddress } from '../../../ipam/choose.ts';
import { addressKey } from '../../address-key.ts';
import { claimantOf, claimedRecord, poolOf, releaseOf, wantOf } from '../../contract/fixtures.ts';
import { openSqliteLedger } from '../sqlite-ledger.ts';

const [path = '', prefix = ''] = process.argv.slice(2);
const LOOPS = 32;
const pool = poolOf('many', ['10.0.0.1-10.0.255.254'], 0);
const ledger = await openSqliteLedger({ path });

async function loop(number: number): Promise<never> {
  for (let round = 0; ; round++) {
    const pod = `${prefix}-${number}-${round}`;
    const record = await claimedRecord(ledger, claimantOf(pod), wantOf('eth0', [pool]));
    writeSync(1, `claimed ${pod} ${addressKey(record.address)}\n`);
    await ledger.preview(claimantOf(pod), [wantOf('net1', [pool])], chooseAddress);
    if (round % 2 === 0) continue;
    writeSync(1, `releasing ${pod}\n`);
    await ledger.release(releaseOf(pod, 'eth0'));
    writeSync(1, `released ${pod}\n`);
  }
}

await Promise.all(Array.from({ length: LOOPS }, (_, number) => loop(number)));
