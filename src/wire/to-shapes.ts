import { saturatedCount } from '../api/count.ts';
import { type Address, formatAddress } from '../ip/address.ts';
import { formatCidr } from '../ip/cidr.ts';
import type { CatalogPool } from '../ipam/pool.ts';
import type { PoolUsage } from '../ledger/ledger.ts';
import type { AllocationRecord, Holder, PodName, ReleasedRecord } from '../ledger/record.ts';
import type { AllocationShape, ConditionShape, HolderShape, PoolShape, WhoShape } from './shapes.ts';

/** A pool with its counts as the socket shows it; they saturate as those of a pool's status do. */
export function poolShape(
  { pool, total, excluded, reserved }: CatalogPool,
  usage: PoolUsage,
  conditions: readonly ConditionShape[],
): PoolShape {
  return {
    name: pool.name,
    ipVersion: pool.family,
    subnet: formatCidr(pool.subnet),
    ...(pool.gateway !== undefined && { gateway: formatAddress(pool.gateway) }),
    total: saturatedCount(total),
    allocated: BigInt(usage.allocated),
    free: saturatedCount(usage.free),
    cooling: BigInt(usage.cooling),
    reserved: saturatedCount(reserved),
    excluded: saturatedCount(excluded),
    disabled: pool.disabled,
    default: pool.isDefault,
    conditions,
  };
}

/** A record as the socket shows it. */
export function allocationShape(record: AllocationRecord): AllocationShape {
  const { address, pool, network, nic, sinceMs, owner, holders } = record;
  return {
    address: formatAddress(address),
    pool,
    network,
    nic,
    since: new Date(sinceMs).toISOString(),
    ...(owner && { owner }),
    holders: holders.map(holderShape),
  };
}

/** Who has an address, and else who had it last, as the socket shows it. */
export function whoShape(
  address: Address,
  pools: readonly string[],
  record: AllocationRecord | undefined,
  last: ReleasedRecord | undefined,
): WhoShape {
  return {
    address: formatAddress(address),
    pools,
    ...(record && { allocation: allocationShape(record) }),
    ...(last && {
      last: {
        allocation: allocationShape(last.last),
        freed: new Date(last.freedMs).toISOString(),
        suspect: last.suspect,
      },
    }),
  };
}

/** `namespace/name`; the name alone where the runtime tells no namespace, and empty where it names no pod. */
export function podText({ namespace, name }: PodName): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

function holderShape({ uid, sandbox, node, pod, netns, outlivesPod }: Holder): HolderShape {
  return {
    uid,
    sandbox,
    node,
    pod: podText(pod),
    ...(netns && {
      netns: {
        path: netns.path,
        ...(netns.device !== undefined && { device: String(netns.device) }),
        ...(netns.inode !== undefined && { inode: String(netns.inode) }),
      },
    }),
    ...(outlivesPod && { outlivesPod }),
  };
}
