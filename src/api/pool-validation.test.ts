import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FieldErrorType } from './field-error.ts';
import { poolFinalizer, reuseDelayAnnotation } from './names.ts';
import { usableAddresses } from './network-facts.ts';
import { defaultPool } from './pool-defaults.ts';
import type { AllocatedAddress, PoolContext } from './pool-validation.ts';
import { validatePool, validatePoolCreate, validatePoolUpdate } from './pool-validation.ts';
import type { ObjectMeta, SpiderIPPool, SpiderIPPoolSpec } from './resources.ts';
import { anyPool, poolFixture, writtenPool } from './testing/resources.ts';

const families = [4, 6] as const;
const alone: PoolContext = { families, otherPools: [] };
const autoPool = { labels: { 'ipam.spidernet.io/owner-application-name': 'web' } };

interface Case {
  readonly name: string;
  readonly spec?: Partial<SpiderIPPoolSpec>;
  readonly metadata?: Partial<ObjectMeta>;
  readonly context?: Partial<PoolContext>;
  readonly errors: readonly (readonly [FieldErrorType, path: string, message: string])[];
}

const createCases: readonly Case[] = [
  { name: 'accepts a plain pool', errors: [] },
  {
    name: 'accepts an IPv6 pool as large as its subnet',
    spec: { ipVersion: 6, subnet: 'fd00::/16', ips: ['fd00::-fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'] },
    errors: [],
  },
  {
    name: 'accepts ranges whose first byte is zero',
    spec: { ipVersion: 6, subnet: '64:ff9b::/96', ips: ['64:ff9b::1-64:ff9b::5'] },
    errors: [],
  },
  { name: 'accepts a pool without ips', spec: { ips: [] }, errors: [] },
  {
    name: 'refuses a missing family',
    spec: { ipVersion: undefined, subnet: 'x' } as never,
    errors: [
      [
        'Required',
        'spec.ipVersion',
        'ipVersion is missing and does not follow from the addresses: write 4 or 6',
      ],
      [
        'Invalid',
        'spec.subnet',
        '"x" is not a subnet: write a network and a prefix length, such as "10.6.0.0/16"',
      ],
    ],
  },
  {
    name: 'refuses a family that is switched off',
    context: { families: [6] },
    errors: [
      [
        'Forbidden',
        'spec.ipVersion',
        'IPv4 is switched off: set enableIPv4 to true in the configuration, or use the other family',
      ],
    ],
  },
  {
    name: 'refuses a subnet of the other family',
    spec: { subnet: 'fd00::/64' },
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '"fd00::/64" is IPv6, but ipVersion is 4: write a subnet such as "10.6.0.0/16", or ipVersion 6',
      ],
    ],
  },
  {
    name: 'refuses host bits in the subnet',
    spec: { subnet: '10.6.0.1/16' },
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '"10.6.0.1/16" is not the canonical form of the subnet: write "10.6.0.0/16"',
      ],
    ],
  },
  {
    name: 'refuses another spelling of the subnet',
    spec: { ipVersion: 6, subnet: 'FD00:0::/64', ips: [] },
    errors: [
      ['Invalid', 'spec.subnet', '"FD00:0::/64" is not the canonical form of the subnet: write "fd00::/64"'],
    ],
  },
  {
    name: 'refuses a reversed range',
    spec: { ips: ['10.6.0.9-10.6.0.1'] },
    errors: [
      ['Invalid', 'spec.ips[0]', '"10.6.0.9-10.6.0.1" ends before it starts: write "10.6.0.1-10.6.0.9"'],
    ],
  },
  {
    name: 'refuses a reversed range in excludeIPs',
    spec: { excludeIPs: ['10.6.0.9-10.6.0.1'] },
    errors: [
      [
        'Invalid',
        'spec.excludeIPs[0]',
        '"10.6.0.9-10.6.0.1" ends before it starts: write "10.6.0.1-10.6.0.9"',
      ],
    ],
  },
  {
    name: 'refuses a subnet among ips',
    spec: { ips: ['10.6.1.0/30'] },
    errors: [
      [
        'Invalid',
        'spec.ips[0]',
        '"10.6.1.0/30" is a subnet, which is not accepted here: write its addresses, "10.6.1.0-10.6.1.3"',
      ],
    ],
  },
  {
    name: 'refuses ips outside of the subnet',
    spec: { ips: ['10.6.0.1', '10.6.255.250-10.7.0.1'] },
    errors: [
      [
        'Invalid',
        'spec.ips[1]',
        '"10.6.255.250-10.7.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
    ],
  },
  {
    name: 'refuses excludeIPs outside of the subnet',
    spec: { excludeIPs: ['10.5.0.1'] },
    errors: [
      [
        'Invalid',
        'spec.excludeIPs[0]',
        '"10.5.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
    ],
  },
  {
    name: 'refuses entries that overlap',
    spec: { ips: ['10.6.0.5-10.6.0.9', '10.6.0.1-10.6.0.5'] },
    errors: [
      [
        'Invalid',
        'spec.ips[1]',
        '"10.6.0.1-10.6.0.5" overlaps "10.6.0.5-10.6.0.9": write every address once',
      ],
    ],
  },
  {
    name: 'finds an overlap behind a smaller entry',
    spec: { ips: ['10.6.0.1-10.6.0.9', '10.6.0.2', '10.6.0.8'] },
    errors: [
      ['Invalid', 'spec.ips[1]', '"10.6.0.2" overlaps "10.6.0.1-10.6.0.9": write every address once'],
      ['Invalid', 'spec.ips[2]', '"10.6.0.8" overlaps "10.6.0.1-10.6.0.9": write every address once'],
    ],
  },
  {
    name: 'refuses a gateway that is no address',
    spec: { gateway: '10.6.0.1/16' },
    errors: [
      [
        'Invalid',
        'spec.gateway',
        '"10.6.0.1/16" is not an IPv4 address: write one of the subnet 10.6.0.0/16',
      ],
    ],
  },
  {
    name: 'refuses a gateway outside of the subnet',
    spec: { gateway: '10.7.0.1' },
    errors: [
      [
        'Invalid',
        'spec.gateway',
        '"10.7.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
    ],
  },
  {
    name: 'refuses a gateway among ips',
    spec: { gateway: '10.6.0.15' },
    errors: [
      [
        'Invalid',
        'spec.gateway',
        '"10.6.0.15" is one of the addresses in ips: add it to excludeIPs, so that no pod gets it',
      ],
    ],
  },
  {
    name: 'accepts a gateway among ips that is excluded',
    spec: { gateway: '10.6.0.15', excludeIPs: ['10.6.0.14-10.6.0.16'] },
    errors: [],
  },
  {
    name: 'compares the gateway as a number',
    spec: { ipVersion: 6, subnet: 'fd00::/64', ips: ['fd00::a'], gateway: 'FD00:0::000A' },
    errors: [
      [
        'Invalid',
        'spec.gateway',
        '"FD00:0::000A" is one of the addresses in ips: add it to excludeIPs, so that no pod gets it',
      ],
    ],
  },
  {
    name: 'refuses a default route however it is written',
    spec: {
      routes: [
        { dst: '0.0.0.0/0', gw: '10.6.0.1' },
        { dst: '10.0.0.0/0', gw: '10.6.0.1' },
      ],
    },
    errors: [
      [
        'Invalid',
        'spec.routes[0].dst',
        '"0.0.0.0/0" is the default route: use gateway for it, and remove this route',
      ],
      [
        'Invalid',
        'spec.routes[1].dst',
        '"10.0.0.0/0" is the default route: use gateway for it, and remove this route',
      ],
    ],
  },
  {
    name: 'refuses an IPv6 default route however it is written',
    spec: {
      ipVersion: 6,
      subnet: 'fd00::/64',
      ips: [],
      routes: [
        { dst: '::/0', gw: 'fd00::1' },
        { dst: '0:0::0/0', gw: 'fd00::1' },
      ],
    },
    errors: [
      [
        'Invalid',
        'spec.routes[0].dst',
        '"::/0" is the default route: use gateway for it, and remove this route',
      ],
      [
        'Invalid',
        'spec.routes[1].dst',
        '"0:0::0/0" is the default route: use gateway for it, and remove this route',
      ],
    ],
  },
  {
    name: 'refuses two routes to one destination',
    spec: {
      routes: [
        { dst: '10.8.0.0/16', gw: '10.6.0.1' },
        { dst: '10.8.1.1/16', gw: '10.6.0.2' },
      ],
    },
    errors: [
      [
        'Duplicate',
        'spec.routes[1].dst',
        '"10.8.1.1/16" has a route already: write one route to a destination',
      ],
    ],
  },
  {
    name: 'refuses bad destinations and gateways of routes, each by itself',
    spec: {
      routes: [
        { dst: '10.8.0.0', gw: 'x' },
        { dst: 'fd00::/64', gw: '10.7.0.1' },
      ],
    },
    errors: [
      [
        'Invalid',
        'spec.routes[0].dst',
        '"10.8.0.0" is not an IPv4 destination: write a network and a prefix length, such as "10.6.0.0/16"',
      ],
      ['Invalid', 'spec.routes[0].gw', '"x" is not an IPv4 address: write one of the subnet 10.6.0.0/16'],
      [
        'Invalid',
        'spec.routes[1].dst',
        '"fd00::/64" is not an IPv4 destination: write a network and a prefix length, such as "10.6.0.0/16"',
      ],
      [
        'Invalid',
        'spec.routes[1].gw',
        '"10.7.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
    ],
  },
  {
    name: 'refuses an empty podAffinity',
    spec: { podAffinity: {} },
    errors: [
      [
        'Invalid',
        'spec.podAffinity',
        'podAffinity is empty: write matchLabels or matchExpressions, or remove it to serve all pods',
      ],
    ],
  },
  {
    name: 'accepts empty selectors for nodes and namespaces',
    spec: { nodeAffinity: {}, namespaceAffinity: { matchLabels: {} } },
    errors: [],
  },
  {
    name: 'refuses an unknown operator in each affinity',
    spec: {
      podAffinity: { matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] },
      namespaceAffinity: { matchExpressions: [{ key: 'a', operator: 'In' }] },
      nodeAffinity: { matchLabels: { a: 'b c' } },
    },
    errors: [
      [
        'NotSupported',
        'spec.podAffinity.matchExpressions[0].operator',
        '"in" is not an operator: write one of In, NotIn, Exists, DoesNotExist',
      ],
      [
        'Required',
        'spec.namespaceAffinity.matchExpressions[0].values',
        'operator In needs values: list at least one label value',
      ],
      [
        'Invalid',
        'spec.nodeAffinity.matchLabels.a',
        'label value "b c" is not valid: write at most 63 letters, digits, "-", "_" or ".", a letter or digit first and last',
      ],
    ],
  },
  {
    name: 'accepts the podAffinity of an application pool',
    metadata: autoPool,
    spec: {
      podAffinity: {
        matchLabels: {
          'ipam.spidernet.io/app-api-group': 'apps',
          'ipam.spidernet.io/app-name': 'web',
        },
      },
    },
    errors: [],
  },
  {
    name: 'refuses other keys and expressions in an application pool',
    metadata: autoPool,
    spec: {
      podAffinity: {
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'a', operator: 'Exists' }],
      },
    },
    errors: [
      [
        'Invalid',
        'spec.podAffinity.matchLabels.app',
        '"app" is not a key for a pool of an application: write only ipam.spidernet.io/app-api-group, ipam.spidernet.io/app-api-version, ipam.spidernet.io/app-kind, ipam.spidernet.io/app-namespace, ipam.spidernet.io/app-name',
      ],
      [
        'Invalid',
        'spec.podAffinity.matchExpressions',
        'a pool of an application takes no expressions: remove matchExpressions',
      ],
    ],
  },
  {
    name: 'refuses a reuse delay that is none',
    metadata: { annotations: { [reuseDelayAnnotation]: '-5s' } },
    errors: [
      [
        'Invalid',
        'metadata.annotations[ipam.spidernet.io/reuse-delay]',
        '"-5s" is not a delay: write a duration such as "30s", "5m" or "1h30m", or a number of seconds',
      ],
    ],
  },
  {
    name: 'refuses control characters and markup in names',
    spec: { nodeName: ['n1', 'n2\u001b[31m'], multusName: ['a&b'] },
    errors: [
      [
        'Invalid',
        'spec.nodeName[1]',
        '"n2\\u001b[31m" has a control character or one of "&", "<", ">": write it without',
      ],
      [
        'Invalid',
        'spec.multusName[0]',
        '"a&b" has a control character or one of "&", "<", ">": write it without',
      ],
    ],
  },
  {
    name: 'lets foreign annotations say what they want',
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":"<&>"}\n' } },
    errors: [],
  },
  {
    name: 'refuses a name that a pool of the other family has',
    spec: { ips: ['x'] },
    context: { otherPools: [poolFixture({ ipVersion: 6, subnet: 'fd00::/64', ips: [] })] },
    errors: [['Duplicate', 'metadata.name', 'pool "a" exists already: write another name']],
  },
  {
    name: 'refuses a subnet inside of another',
    context: { otherPools: [poolFixture({ subnet: '10.0.0.0/8', ips: [] }, { name: 'b' })] },
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '10.6.0.0/16 overlaps 10.0.0.0/8 of pool "b": write exactly that subnet, or one that does not overlap it',
      ],
    ],
  },
  {
    name: 'refuses a subnet around another',
    context: { otherPools: [poolFixture({ subnet: '10.6.9.0/24', ips: [] }, { name: 'b' })] },
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '10.6.0.0/16 overlaps 10.6.9.0/24 of pool "b": write exactly that subnet, or one that does not overlap it',
      ],
    ],
  },
  {
    name: 'accepts a neighbour of the same subnet',
    context: { otherPools: [poolFixture({ ips: ['10.6.0.21-10.6.0.30'] }, { name: 'b' })] },
    errors: [],
  },
  {
    name: 'accepts an overlap that one side excludes',
    context: { otherPools: [poolFixture({ excludeIPs: ['10.6.0.10-10.6.0.20'] }, { name: 'b' })] },
    errors: [],
  },
  {
    name: 'refuses addresses of another pool',
    context: { otherPools: [poolFixture({ ips: ['10.6.0.1-10.6.0.11', '10.6.0.20'] }, { name: 'b' })] },
    errors: [
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.10-10.6.0.11, 10.6.0.20 belong to pool "b": remove them from ips, or add them to excludeIPs',
      ],
    ],
  },
];

describe('validatePoolCreate()', () => {
  for (const { name, spec, metadata, context, errors } of createCases) {
    test(`validatePoolCreate() ${name}`, () => {
      const found = validatePoolCreate(poolFixture(spec, metadata), { ...alone, ...context });
      assert.deepEqual(
        found.map((error) => [error.type, error.path, error.message]),
        errors,
      );
    });
  }
});

interface UpdateCase {
  readonly name: string;
  readonly from?: Partial<SpiderIPPoolSpec>;
  readonly to?: Partial<SpiderIPPoolSpec>;
  readonly oldMetadata?: Partial<ObjectMeta>;
  readonly metadata?: Partial<ObjectMeta>;
  readonly otherPools?: readonly SpiderIPPool[];
  readonly allocated?: readonly AllocatedAddress[];
  readonly errors: Case['errors'];
}

const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [poolFinalizer] };
const used = [{ address: 0x0a_06_00_0b, pod: 'default/web' }];
const overlapping = [poolFixture({ ips: ['10.6.0.1-10.6.0.15'] }, { name: 'b' })];

const updateCases: readonly UpdateCase[] = [
  {
    name: 'accepts every field that may change',
    to: {
      gateway: '10.6.0.1',
      routes: [{ dst: '10.8.0.0/16', gw: '10.6.0.1' }],
      podAffinity: { matchLabels: { a: 'b' } },
      nodeName: ['n'],
      default: true,
      disable: true,
      ips: ['10.6.0.10-10.6.0.30'],
      excludeIPs: ['10.6.0.20'],
    },
    errors: [],
  },
  {
    name: 'refuses another ipVersion and another subnet',
    to: { ipVersion: 6, subnet: 'fd00::/64', ips: [] },
    errors: [
      ['Forbidden', 'spec.ipVersion', "ipVersion can't be changed: write 4, or create another pool"],
      ['Forbidden', 'spec.subnet', 'subnet can\'t be changed: write "10.6.0.0/16", or create another pool'],
    ],
  },
  {
    name: 'accepts the canonical spelling of a subnet that slipped through',
    from: { subnet: '10.6.0.1/16' },
    errors: [],
  },
  {
    name: 'refuses what creation refuses',
    to: { gateway: '10.6.0.12' },
    errors: [
      [
        'Invalid',
        'spec.gateway',
        '"10.6.0.12" is one of the addresses in ips: add it to excludeIPs, so that no pod gets it',
      ],
    ],
  },
  {
    name: 'lets a broken pool be disabled',
    from: { ips: ['10.6.0.9-10.6.0.1'], podAffinity: {} },
    to: { ips: ['10.6.0.9-10.6.0.1'], podAffinity: {}, disable: true },
    errors: [],
  },
  {
    name: 'lets a broken pool be repaired in part, whatever moves in its lists',
    from: { ips: ['x', '10.6.0.9-10.6.0.1'] },
    to: { ips: ['10.6.0.9-10.6.0.1'] },
    errors: [],
  },
  {
    name: 'refuses to break a broken pool further',
    from: { ips: ['x'] },
    to: { ips: ['x', 'x'] },
    errors: [
      [
        'Invalid',
        'spec.ips[1]',
        '"x" is not an IPv4 address: write an address such as "10.0.0.1" or a range such as "10.0.0.1-10.0.0.9"',
      ],
    ],
  },
  {
    name: 'refuses to take a used address out of ips',
    to: { ips: ['10.6.0.12-10.6.0.20'] },
    allocated: used,
    errors: [
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.11 is used by pod "default/web": keep it in ips and out of excludeIPs until the pod is gone',
      ],
    ],
  },
  {
    name: 'refuses to exclude a used address',
    to: { excludeIPs: ['10.6.0.11'] },
    allocated: used,
    errors: [
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.11 is used by pod "default/web": keep it in ips and out of excludeIPs until the pod is gone',
      ],
    ],
  },
  {
    name: 'accepts that a used address stays outside',
    from: { ips: ['10.6.0.20'] },
    to: { ips: ['10.6.0.20-10.6.0.21'] },
    allocated: used,
    errors: [],
  },
  {
    name: 'names ten used addresses and counts the others',
    to: { ips: [] },
    allocated: Array.from({ length: 11 }, (_, i) => ({ address: 0x0a_06_00_0a + i, pod: `default/p${i}` })),
    errors: [
      ...Array.from(
        { length: 10 },
        (_, i) =>
          [
            'Forbidden',
            'spec.ips',
            `10.6.0.${10 + i} is used by pod "default/p${i}": keep it in ips and out of excludeIPs until the pod is gone`,
          ] as const,
      ),
      [
        'Forbidden',
        'spec.ips',
        '1 more of its addresses in use: keep them in ips and out of excludeIPs until their pods are gone',
      ],
    ],
  },
  {
    name: 'refuses to add addresses of another pool',
    from: { ips: ['10.6.0.16'] },
    to: { ips: ['10.6.0.14-10.6.0.16'] },
    otherPools: overlapping,
    errors: [
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.14-10.6.0.15 belong to pool "b": remove them from ips, or add them to excludeIPs',
      ],
    ],
  },
  {
    name: 'accepts an overlap that was there and shrinks',
    to: { ips: ['10.6.0.12-10.6.0.20'] },
    otherPools: overlapping,
    errors: [],
  },
  {
    name: 'does not take the pool itself for another',
    otherPools: [poolFixture()],
    to: { ips: ['10.6.0.10-10.6.0.21'] },
    errors: [],
  },
  {
    name: 'refuses a change of a pool that is being deleted',
    to: { disable: true },
    metadata: deleting,
    oldMetadata: deleting,
    errors: [
      [
        'Forbidden',
        'metadata.deletionTimestamp',
        'the pool is being deleted, so its spec is fixed: leave it as it is, or create another pool',
      ],
    ],
  },
  {
    name: 'lets other finalizers of a pool that is being deleted go',
    oldMetadata: { ...deleting, finalizers: ['x/y', poolFinalizer] },
    metadata: deleting,
    errors: [],
  },
  {
    name: 'accepts anything once the finalizer is gone',
    to: { ips: ['x'] },
    oldMetadata: deleting,
    metadata: { ...deleting, finalizers: [] },
    errors: [],
  },
];

describe('validatePoolUpdate()', () => {
  for (const { name, from, to, oldMetadata, metadata, otherPools, allocated, errors } of updateCases) {
    test(`validatePoolUpdate() ${name}`, () => {
      const found = validatePoolUpdate(poolFixture(from, oldMetadata), poolFixture(to, metadata), {
        families,
        otherPools: otherPools ?? [],
        allocated: allocated ?? [],
      });
      assert.deepEqual(
        found.map((error) => [error.type, error.path, error.message]),
        errors,
      );
    });
  }

  test('validatePoolUpdate() accepts any pool as its own successor', () => {
    fc.assert(
      fc.property(anyPool, fc.array(anyPool, { maxLength: 2 }), (pool, otherPools) => {
        const context = { families: [6] as const, otherPools, allocated: used };
        assert.deepEqual(validatePoolUpdate(pool, pool, context), []);
      }),
    );
  });

  test('validatePoolUpdate() answers for any two pools', () => {
    fc.assert(
      fc.property(anyPool, anyPool, (old, updated) => {
        const context = { families, otherPools: [old, updated], allocated: used };
        assert.ok(Array.isArray(validatePoolUpdate(old, updated, context)));
      }),
    );
  });
});

describe('validatePool()', () => {
  test('validatePool() accepts every well-written pool once it is defaulted', () => {
    fc.assert(
      fc.property(writtenPool, (pool) => {
        assert.deepEqual(validatePool(defaultPool(pool), families), []);
      }),
    );
  });

  test('validatePool() never throws and names a path and a message', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        for (const error of validatePoolCreate(pool, { families, otherPools: [pool] })) {
          assert.match(error.path, /^(spec|metadata)\./);
          assert.match(error.message, /: /);
        }
        for (const error of validatePool(pool, families)) assert.match(error.path, /^(spec|metadata)/);
      }),
    );
  });

  test('usableAddresses() counts a /48 without enumerating it', () => {
    const pool = poolFixture({
      ipVersion: 6,
      subnet: 'fd00::/48',
      ips: ['fd00::-fd00::ffff:ffff:ffff:ffff:ffff'],
      excludeIPs: ['fd00::1-fd00::ffff:ffff:ffff:ffff'],
    });
    assert.deepEqual(validatePool(pool, families), []);
    assert.equal(usableAddresses(pool.spec)?.size, 2n ** 80n - 2n ** 64n + 1n);
  });
});
