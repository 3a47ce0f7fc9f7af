import { familyOf, parseAddress } from '../../../../src/ip/address.ts';
import type { AllocationRecord, Holder } from '../../../../src/ledger/record.ts';

/** The newest holder of a record of pod `default/a` on `node-1`, whose UID is `uid-1`. */
export function holder(more: Partial<Holder> = {}): Holder {
  return {
    uid: 'uid-1',
    sandbox: 'sandbox-1',
    node: 'node-1',
    pod: { namespace: 'default', name: 'a' },
    ...more,
  };
}

/** A record of eth0 for pod `default/a`, of pool `v4` or `v6` as the address is. */
export function record(address: string, more: Partial<AllocationRecord> = {}): AllocationRecord {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  return {
    address: parsed,
    pool: `v${familyOf(parsed)}`,
    network: 'net',
    nic: 'eth0',
    sinceMs: 1_700_000_000_000,
    holders: [holder()],
    ...more,
  };
}
