import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cidrsOverlap } from '../ip/cidr.ts';
import { poolsOutside, subnetsInTheWay } from './collisions.ts';
import type { FieldErrorType } from './field-error.ts';
import { subnetFinalizer } from './names.ts';
import { networkFacts } from './network-facts.ts';
import type { NetworkSpec, ObjectMeta, SpiderIPPool, SpiderSubnet } from './resources.ts';
import { defaultSubnet } from './subnet-defaults.ts';
import { validateSpiderSubnet, validateSubnetCreate, validateSubnetUpdate } from './subnet-validation.ts';
import { anyPool, anySubnet, poolFixture, subnetFixture, writtenPool } from './testing/resources.ts';

const families = [4, 6] as const;

type Row = readonly [FieldErrorType, path: string, message: string];

interface CreateCase {
  readonly name: string;
  readonly spec?: Partial<NetworkSpec>;
  readonly otherSubnets?: readonly SpiderSubnet[];
  readonly pools?: readonly SpiderIPPool[];
  readonly errors: readonly Row[];
}

const createCases: readonly CreateCase[] = [
  { name: 'accepts a plain subnet', errors: [] },
  {
    name: 'refuses what pools are refused for',
    spec: { subnet: '10.6.0.1/16', ips: ['10.7.0.1'], gateway: 'x', excludeIPs: ['y'] },
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '"10.6.0.1/16" is not the canonical form of the subnet: write "10.6.0.0/16"',
      ],
      [
        'Invalid',
        'spec.ips[0]',
        '"10.7.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
      [
        'Invalid',
        'spec.excludeIPs[0]',
        '"y" is not an IPv4 address: write an address such as "10.0.0.1" or a range such as "10.0.0.1-10.0.0.9"',
      ],
      ['Invalid', 'spec.gateway', '"x" is not an IPv4 address: write one of the subnet 10.6.0.0/16'],
    ],
  },
  {
    name: 'refuses a name that is taken, and says nothing else',
    spec: { gateway: 'x' },
    otherSubnets: [subnetFixture({ ipVersion: 6, subnet: 'fd00::/64', ips: [] })],
    errors: [['Duplicate', 'metadata.name', 'subnet "s" exists already: write another name']],
  },
  {
    name: 'refuses the network of another subnet, and one around it',
    otherSubnets: [subnetFixture({}, { name: 'a' }), subnetFixture({ subnet: '10.0.0.0/8' }, { name: 'b' })],
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '10.6.0.0/16 overlaps 10.6.0.0/16 of subnet "a": write one that does not overlap it, or change that subnet',
      ],
      [
        'Invalid',
        'spec.subnet',
        '10.6.0.0/16 overlaps 10.0.0.0/8 of subnet "b": write one that does not overlap it, or change that subnet',
      ],
    ],
  },
  {
    name: 'refuses a network that crosses that of a pool',
    pools: [poolFixture({ subnet: '10.6.0.0/24' })],
    errors: [
      [
        'Invalid',
        'spec.subnet',
        '10.6.0.0/16 overlaps 10.6.0.0/24 of pool "a": write exactly that subnet, or one that does not overlap it',
      ],
    ],
  },
  {
    name: 'refuses to leave out addresses of a pool of the network',
    spec: { excludeIPs: ['10.6.0.15'] },
    pools: [
      poolFixture({ ips: ['10.6.0.10-10.6.0.20', '10.6.1.1'] }),
      poolFixture({ ips: ['10.6.0.1'] }, { name: 'b' }),
    ],
    errors: [
      [
        'Invalid',
        'spec.ips',
        '10.6.0.15, 10.6.1.1 belong to pool "a" of this network: add them to ips, and keep them out of excludeIPs',
      ],
    ],
  },
  { name: 'accepts that it covers the pools', pools: [poolFixture()], errors: [] },
];

describe('validateSubnetCreate()', () => {
  for (const { name, spec, otherSubnets = [], pools = [], errors } of createCases) {
    test(`validateSubnetCreate() ${name}`, () => {
      const found = validateSubnetCreate(subnetFixture(spec), { families, otherSubnets, pools });
      assert.deepEqual(
        found.map(({ type, path, message }) => [type, path, message]),
        errors,
      );
    });
  }

  test('validateSubnetCreate() says the same of all objects as of those that stand in the way', () => {
    const others = fc.array(anySubnet, { maxLength: 3 });
    const pools = fc.array(fc.oneof(anyPool, writtenPool), { maxLength: 3 });
    fc.assert(
      fc.property(anySubnet, others, pools, (subnet, otherSubnets, all) => {
        const found = validateSubnetCreate(subnet, { families, otherSubnets, pools: all });
        const few = { otherSubnets: subnetsInTheWay(subnet, otherSubnets), pools: poolsOutside(subnet, all) };
        assert.deepEqual(validateSubnetCreate(subnet, { families, ...few }), found);
      }),
    );
  });

  test('validateSubnetCreate() lets no two subnets share an address', () => {
    fc.assert(
      fc.property(writtenPool, writtenPool, (one, other) => {
        const a = defaultSubnet(subnetFixture(one.spec, { name: 'a' }));
        const b = defaultSubnet(subnetFixture(other.spec, { name: 'b' }));
        const [first, second] = [networkFacts(a.spec).subnet, networkFacts(b.spec).subnet];
        assert.ok(first && second);
        const errors = validateSubnetCreate(b, { families, otherSubnets: [a], pools: [] });
        assert.equal(
          errors.some(({ message }) => message.includes('of subnet "a"')),
          cidrsOverlap(first, second),
        );
      }),
    );
  });
});

interface UpdateCase {
  readonly name: string;
  readonly from?: Partial<NetworkSpec>;
  readonly to?: Partial<NetworkSpec>;
  readonly metadata?: Partial<ObjectMeta>;
  readonly controlled?: string;
  readonly pools?: readonly SpiderIPPool[];
  readonly errors: readonly Row[];
}

const deleting = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [subnetFinalizer] };
const updateCases: readonly UpdateCase[] = [
  {
    name: 'accepts every field that may change',
    to: {
      ips: ['10.6.0.50-10.6.1.1'],
      gateway: '10.6.0.1',
      routes: [{ dst: '10.8.0.0/16', gw: '10.6.0.1' }],
    },
    errors: [],
  },
  {
    name: 'refuses another ipVersion and another subnet',
    to: { ipVersion: 6, subnet: 'fd00::/64' },
    errors: [
      ['Forbidden', 'spec.ipVersion', "ipVersion can't be changed: write 4, or create another subnet"],
      ['Forbidden', 'spec.subnet', 'subnet can\'t be changed: write "10.6.0.0/16", or create another subnet'],
    ],
  },
  {
    name: 'lets a broken subnet be repaired in part',
    from: { ips: ['x', 'y'] },
    to: { ips: ['x'] },
    errors: [],
  },
  {
    name: 'refuses to take addresses away that pools have, by their own word and by the status',
    to: { ips: ['10.6.0.1-10.6.0.15'] },
    pools: [poolFixture()],
    controlled: '{"auto4-web":{"ips":["10.6.0.30-10.6.0.31"],"application":"apps_v1_Deployment_a_web"}}',
    errors: [
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.16-10.6.0.20 belong to pool "a": keep them in ips and out of excludeIPs until the pool is without them',
      ],
      [
        'Forbidden',
        'spec.ips',
        '10.6.0.30-10.6.0.31 belong to pool "auto4-web": keep them in ips and out of excludeIPs until the pool is without them',
      ],
    ],
  },
  {
    name: 'accepts what was outside before, and what is taken away from nobody',
    from: { ips: ['10.6.0.1-10.6.0.15', '10.6.0.99'] },
    to: { ips: ['10.6.0.1-10.6.0.15'] },
    pools: [poolFixture()],
    controlled: '{"b":{"ips":["10.6.0.30"]}}',
    errors: [],
  },
  {
    name: 'refuses to take addresses away while the status is no JSON',
    to: { ips: [] },
    controlled: '{',
    errors: [
      [
        'Forbidden',
        'spec.ips',
        "status.controlledIPPools can't be read, so which addresses pools have is not known: keep them all in ips",
      ],
    ],
  },
  {
    name: 'refuses a change of a subnet that is being deleted',
    to: { ips: [] },
    metadata: deleting,
    errors: [
      [
        'Forbidden',
        'metadata.deletionTimestamp',
        'the subnet is being deleted, so its spec is fixed: leave it as it is, or create another subnet',
      ],
    ],
  },
  {
    name: 'accepts anything once the finalizer is gone',
    to: { ips: ['x'] },
    metadata: { ...deleting, finalizers: [] },
    pools: [poolFixture()],
    errors: [],
  },
];

describe('validateSubnetUpdate()', () => {
  for (const { name, from, to, metadata, controlled, pools = [], errors } of updateCases) {
    test(`validateSubnetUpdate() ${name}`, () => {
      const status = controlled === undefined ? undefined : { controlledIPPools: controlled };
      const updated = subnetFixture(to, metadata, status);
      const found = validateSubnetUpdate(subnetFixture(from), updated, { families, otherSubnets: [], pools });
      assert.deepEqual(
        found.map(({ type, path, message }) => [type, path, message]),
        errors,
      );
    });
  }

  test('validateSubnetUpdate() accepts any subnet as its own successor', () => {
    fc.assert(
      fc.property(anySubnet, anyPool, (subnet, pool) => {
        const context = { families: [6] as const, otherSubnets: [subnet], pools: [pool] };
        assert.deepEqual(validateSubnetUpdate(subnet, subnet, context), []);
      }),
    );
  });

  test('validateSubnetUpdate() refuses just the changes that take addresses from a pool', () => {
    const parts = writtenPool.chain((pool) => {
      const { ips = [] } = pool.spec;
      return fc.tuple(fc.constant(pool), fc.subarray([...ips]), fc.subarray([...ips]));
    });
    fc.assert(
      fc.property(parts, ([written, poolIps, subnetIps]) => {
        const { excludeIPs: _, gateway: __, ...spec } = written.spec;
        const subnet = defaultSubnet({ ...subnetFixture(), spec });
        const pool = { ...written, spec: { ...spec, ips: poolIps } };
        const updated = defaultSubnet({ ...subnet, spec: { ...subnet.spec, ips: subnetIps } });
        const errors = validateSubnetUpdate(subnet, updated, { families, otherSubnets: [], pools: [pool] });
        const [needed, left] = [networkFacts(pool.spec).usable, networkFacts(updated.spec).usable];
        assert.ok(needed && left);
        assert.equal(errors.length === 0, left.covers(needed));
      }),
    );
  });

  test('validateSubnetUpdate() answers for any two subnets', () => {
    fc.assert(
      fc.property(anySubnet, anySubnet, anyPool, (old, updated, pool) => {
        const context = { families, otherSubnets: [old, updated], pools: [pool] };
        for (const { path, message } of validateSubnetUpdate(old, updated, context)) {
          assert.match(path, /^(spec|metadata)/);
          assert.match(message, /: /);
        }
      }),
    );
  });
});

describe('defaultSubnet()', () => {
  test('defaultSubnet() adds finalizer and label to what is stored, takes the family and merges the lists', () => {
    const { ipVersion: _4, ...spec } = subnetFixture({
      ips: ['10.6.0.2', '10.6.0.1'],
      excludeIPs: ['10.6.0.2'],
    }).spec;
    const filled = defaultSubnet({ ...subnetFixture(), spec }, { storedFields: true });
    assert.deepEqual(filled.metadata.finalizers, [subnetFinalizer]);
    assert.deepEqual(filled.metadata.labels, { 'ipam.spidernet.io/subnet-cidr': '10-6-0-0-16' });
    assert.deepEqual(filled.spec, {
      ipVersion: 4,
      subnet: '10.6.0.0/16',
      ips: ['10.6.0.1-10.6.0.2'],
      excludeIPs: ['10.6.0.2'],
    });
  });

  test('defaultSubnet() leaves a subnet that is being deleted alone, and metadata of what is not stored', () => {
    const subnet = subnetFixture({}, deleting);
    assert.equal(defaultSubnet(subnet, { storedFields: true }), subnet);
    assert.equal(defaultSubnet(subnet).metadata, subnet.metadata);
  });

  test('defaultSubnet() is idempotent, and well-written subnets are valid after it', () => {
    fc.assert(
      fc.property(anySubnet, fc.boolean(), (subnet, storedFields) => {
        const once = defaultSubnet(subnet, { storedFields });
        assert.deepEqual(defaultSubnet(once, { storedFields }), once);
      }),
    );
    fc.assert(
      fc.property(writtenPool, ({ spec }) => {
        const subnet = defaultSubnet({ ...subnetFixture(), spec });
        assert.deepEqual(validateSpiderSubnet(subnet, families), []);
      }),
    );
  });
});
