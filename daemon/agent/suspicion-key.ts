import { formatAddress } from '../../src/ip/address.ts';
import type { AllocationRecord, Holder } from '../../src/ledger/record.ts';

/** One holder of one address in one namespace: a reading of a former namespace says nothing about the present one. */
export function suspicionKey({ address }: AllocationRecord, { uid, sandbox, netns }: Holder): string {
  const { path, device, inode, bootId } = netns ?? {};
  return [formatAddress(address), uid, sandbox, path, device, inode, bootId].join('\0');
}
