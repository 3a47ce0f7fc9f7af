import type { AllocationShape, PoolShape } from '../shapes.ts';

/** Three minutes and five seconds after everything in these shapes began. */
export const nowMs = Date.parse('2026-01-02T03:07:10Z');

/** A pool in good order. */
export function pool(name: string, more: Partial<PoolShape> = {}): PoolShape {
  return {
    name,
    ipVersion: 4,
    subnet: '10.6.0.0/24',
    total: 10n,
    allocated: 3n,
    free: 5n,
    cooling: 2n,
    reserved: 0n,
    excluded: 4n,
    disabled: false,
    default: false,
    conditions: [],
    ...more,
  };
}

/** An allocation of a running pod. */
export function allocation(address: string, more: Partial<AllocationShape> = {}): AllocationShape {
  return {
    address,
    pool: 'vlan6-v4',
    network: 'macvlan-vlan6',
    nic: 'eth0',
    since: '2026-01-02T03:04:05Z',
    holders: [
      { uid: 'u-1', sandbox: '4f1d2c3b5a69788796a5b4c3d2e1f001', node: 'worker-1', pod: 'default/web-0' },
    ],
    ...more,
  };
}
