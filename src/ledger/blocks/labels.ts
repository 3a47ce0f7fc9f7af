import { createHash } from 'node:crypto';
import { type Cidr, formatCidr } from '../../ip/cidr.ts';
import type { AllocationRecord, StaticOwner } from '../record.ts';
import { ownerKey } from '../record-equality.ts';

/** Label of every block, so that its labels are never empty: a patch adds to them one by one. */
export const blockLabel = 'ipam.spidernet.io/block';
export const blockLabelValue = 'true';

const nodePrefix = 'node.ipam.spidernet.io/';
const ownerPrefix = 'owner.ipam.spidernet.io/';
const subnetPrefix = 'subnet.ipam.spidernet.io/';

/** Hexadecimal digits of a name in a label's key: names may have 253 characters, keys 63. */
const HASH_DIGITS = 16;

/** Hint in the label of a subnet: whether the block may have an address of it that is not allocated. */
export type Fill = 'open' | 'full';

/** Key of the label of a node that has records in a block. */
export function nodeLabel(nodeName: string): string {
  return nodePrefix + nameHash(nodeName);
}

/** Key of the label of a static owner that has records in a block. */
export function ownerLabel(owner: StaticOwner): string {
  return ownerPrefix + nameHash(ownerKey(owner));
}

/** Key of the label of a subnet of which addresses in a block were used. Its value is a {@link Fill}. */
export function subnetLabel(subnet: Cidr): string {
  return subnetPrefix + nameHash(formatCidr(subnet));
}

export function isOwnerLabel(key: string): boolean {
  return key.startsWith(ownerPrefix);
}

export function isSubnetLabel(key: string): boolean {
  return key.startsWith(subnetPrefix);
}

/** Keys by which a record is found: of the nodes of its holders, of the node that keeps it, and of its owner. */
export function recordLabels(record: AllocationRecord, keptOn: string | undefined): string[] {
  const nodes = new Set(record.holders.map((holder) => holder.node));
  if (keptOn !== undefined) nodes.add(keptOn);
  return [...[...nodes].map(nodeLabel), ...(record.owner === undefined ? [] : [ownerLabel(record.owner)])];
}

/** What stands for a name in the key or the value of a label. */
export function nameHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}
