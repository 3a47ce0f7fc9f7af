import fc from 'fast-check';
import type { AddressRange } from '../../ip/address-range.ts';
import type { Cidr } from '../../ip/cidr.ts';
import { formatCidr, subnetOf } from '../../ip/cidr.ts';
import { formatRange } from '../../ip/range.ts';
import type {
  NetworkSpec,
  ObjectMeta,
  SpiderIPPool,
  SpiderIPPoolSpec,
  SpiderReservedIP,
  SpiderSubnet,
} from '../resources.ts';
import { apiVersion } from '../resources.ts';

/** A pool for tests, valid unless the arguments say otherwise. */
export function poolFixture(
  spec: Partial<SpiderIPPoolSpec> = {},
  metadata: Partial<ObjectMeta> = {},
): SpiderIPPool {
  return {
    apiVersion,
    kind: 'SpiderIPPool',
    metadata: { name: 'a', ...metadata },
    spec: { ipVersion: 4, subnet: '10.6.0.0/16', ips: ['10.6.0.10-10.6.0.20'], ...spec },
  };
}

/** A subnet for tests, valid unless the arguments say otherwise; it covers the pool of `poolFixture`. */
export function subnetFixture(
  spec: Partial<NetworkSpec> = {},
  metadata: Partial<ObjectMeta> = {},
  status?: SpiderSubnet['status'],
): SpiderSubnet {
  return {
    apiVersion,
    kind: 'SpiderSubnet',
    metadata: { name: 's', uid: 'uid-s', ...metadata },
    spec: { ipVersion: 4, subnet: '10.6.0.0/16', ips: ['10.6.0.1-10.6.0.100'], ...spec },
    ...(status && { status }),
  };
}

/** A reservation for tests, valid unless the arguments say otherwise. */
export function reservedFixture(
  spec: SpiderReservedIP['spec'] = { ipVersion: 4, ips: ['10.6.0.10'] },
  metadata: Partial<ObjectMeta> = {},
): SpiderReservedIP {
  return { apiVersion, kind: 'SpiderReservedIP', metadata: { name: 'r', ...metadata }, spec };
}

const subnet: fc.Arbitrary<Cidr> = fc.oneof(
  fc
    .tuple(fc.nat({ max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 28 }))
    .map(([address, length]) => subnetOf(address, length)),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.integer({ min: 16, max: 124 }))
    .map(([address, length]) => subnetOf(address, length)),
);

/** A range in the upper half of a subnet, whose lower half is left to the gateway. */
function rangeIn(cidr: Cidr): fc.Arbitrary<AddressRange> {
  const bits = (cidr.family === 4 ? 32 : 128) - cidr.prefixLength;
  const half = 1n << BigInt(bits - 1);
  const offset = fc.bigInt({ min: 0n, max: half - 1n });
  return fc.tuple(offset, offset).map(([a, b]) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const at = (n: bigint) =>
      typeof cidr.network === 'number' ? cidr.network + Number(half + n) : cidr.network + half + n;
    return { start: at(low), end: at(high) };
  });
}

/** Pools as users write them before defaulting: valid once `ips` is merged, entries may overlap and come in any order. */
export const writtenPool: fc.Arbitrary<SpiderIPPool> = subnet.chain((cidr) => {
  const texts = fc.array(rangeIn(cidr).map(formatRange), { minLength: 2, maxLength: 6 });
  return fc
    .record({ ips: texts, excludeIPs: fc.option(texts, { nil: undefined }), gateway: fc.boolean() })
    .map(({ ips, excludeIPs, gateway }) => ({
      apiVersion,
      kind: 'SpiderIPPool',
      metadata: { name: 'a' },
      spec: {
        subnet: formatCidr(cidr),
        ips,
        ...(excludeIPs && { excludeIPs }),
        ...(gateway && { gateway: formatRange({ start: cidr.network, end: cidr.network }) }),
      },
    }));
});

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '10.6.0.0/16',
    '10.6.0.1',
    '10.6.0.9-10.6.0.1',
    '10.6.0.1-10.6.0.9',
    '10.6.0.0/24',
    'fd00::/64',
    'fd00::-fd00::ffff:ffff:ffff:ffff',
    '::ffff:1.2.3.4',
    '0.0.0.0/0',
  ),
);
const texts = fc.array(anyText, { maxLength: 4 });
const selector = fc.record(
  {
    matchLabels: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
    matchExpressions: fc.array(
      fc.record(
        {
          key: anyText,
          operator: fc.oneof(anyText, fc.constantFrom('In', 'NotIn', 'Exists')),
          values: texts,
        },
        { requiredKeys: ['key', 'operator'] },
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
);
const metadata = fc.record(
  {
    name: anyText,
    labels: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    annotations: fc.dictionary(anyText, anyText, { maxKeys: 2 }),
    finalizers: texts,
    deletionTimestamp: anyText,
  },
  { requiredKeys: ['name'] },
);

const network = {
  ipVersion: fc.constantFrom(4 as const, 6 as const),
  subnet: anyText,
  ips: texts,
  excludeIPs: texts,
  gateway: anyText,
  routes: fc.array(fc.record({ dst: anyText, gw: anyText }), { maxLength: 3 }),
};

/** Anything that has the type of a subnet. */
export const anySubnet: fc.Arbitrary<SpiderSubnet> = fc.record(
  {
    apiVersion: fc.constant(apiVersion),
    kind: fc.constant('SpiderSubnet' as const),
    metadata: metadata.map((rest) => ({ ...rest, uid: 'uid' })),
    spec: fc.record(network, { requiredKeys: ['subnet'] }),
    status: fc.record({ controlledIPPools: anyText }),
  },
  { requiredKeys: ['apiVersion', 'kind', 'metadata', 'spec'] },
);

/** Anything that has the type of a pool. */
export const anyPool: fc.Arbitrary<SpiderIPPool> = fc.record({
  apiVersion: fc.constant(apiVersion),
  kind: fc.constant('SpiderIPPool' as const),
  metadata,
  spec: fc.record(
    {
      ...network,
      podAffinity: selector,
      namespaceAffinity: selector,
      nodeAffinity: selector,
      nodeName: texts,
      multusName: texts,
      disable: fc.boolean(),
    },
    { requiredKeys: ['subnet'] },
  ),
});

/** Anything that has the type of a reservation. */
export const anyReservedIp: fc.Arbitrary<SpiderReservedIP> = fc.record({
  apiVersion: fc.constant(apiVersion),
  kind: fc.constant('SpiderReservedIP' as const),
  metadata,
  spec: fc.record({ ipVersion: fc.constantFrom(4 as const, 6 as const), ips: texts }, { requiredKeys: [] }),
});
