/** A subnet of pools.yaml. */
export interface Subnet {
  readonly cidr: string;
  readonly gateway: string;
}

/** Subnets of the pools web-v4, spare-v4, lab-v4 and web-v6. */
export const webSubnets: readonly Subnet[] = [
  { cidr: '10.6.0.0/24', gateway: '10.6.0.1' },
  { cidr: 'fd00:6::/64', gateway: 'fd00:6::1' },
];

/** Subnets of the pools storage-v4 and storage-v6. */
export const storageSubnets: readonly Subnet[] = [
  { cidr: '10.7.0.0/24', gateway: '10.7.0.1' },
  { cidr: 'fd00:7::/64', gateway: 'fd00:7::1' },
];
