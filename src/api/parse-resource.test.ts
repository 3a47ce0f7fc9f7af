import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseExactJson } from './exact-json.ts';
import { parsePool, parseReservedIp, parseSubnet } from './parse-resource.ts';
import { apiVersion } from './resources.ts';
import { structurallyEqual } from './structurally-equal.ts';
import { anyPool, anyReservedIp } from './testing/resources.ts';

const base = { apiVersion, kind: 'SpiderIPPool', metadata: { name: 'a' }, spec: { subnet: '10.6.0.0/16' } };
const withSpec = (spec: object) => ({ ...base, spec: { ...base.spec, ...spec } });
const withMetadata = (metadata: object) => ({ ...base, metadata: { ...base.metadata, ...metadata } });

describe('parsePool()', () => {
  test('parsePool() takes every field of the schema', () => {
    const selector = {
      matchLabels: { a: 'b' },
      matchExpressions: [{ key: 'c', operator: 'In', values: ['d'] }],
    };
    const pool = {
      apiVersion,
      kind: 'SpiderIPPool',
      metadata: {
        name: 'a.b-c',
        uid: 'u',
        resourceVersion: '1',
        generation: 2,
        labels: { a: 'b' },
        annotations: { c: 'd\n' },
        finalizers: ['spiderpool.spidernet.io'],
        ownerReferences: [
          { apiVersion: 'v1', kind: 'K', name: 'n', uid: 'u', controller: true, blockOwnerDeletion: true },
        ],
        creationTimestamp: '2026-01-01T00:00:00Z',
        deletionTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: {
        ipVersion: 4,
        subnet: '10.6.0.0/16',
        ips: ['10.6.0.1'],
        excludeIPs: ['10.6.0.2'],
        gateway: '10.6.0.3',
        routes: [{ dst: '10.7.0.0/16', gw: '10.6.0.3' }],
        podAffinity: selector,
        namespaceAffinity: selector,
        nodeAffinity: selector,
        namespaceName: ['x'],
        nodeName: ['y'],
        multusName: ['x/z'],
        default: true,
        disable: false,
      },
      status: { allocatedIPs: '{}', totalIPCount: 2n ** 63n - 1n, allocatedIPCount: 0n },
    };
    assert.deepEqual(parsePool(pool), { ok: true, resource: pool, warnings: [] });
  });

  test('parsePool() reads counts as they come out of exact JSON', () => {
    const status = parseExactJson('{"totalIPCount":9223372036854775807,"allocatedIPCount":3}');
    const outcome = parsePool({ ...base, status });
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.resource.status, {
      totalIPCount: 9_223_372_036_854_775_807n,
      allocatedIPCount: 3n,
    });
  });

  test('parsePool() takes null for missing, as the API server does', () => {
    const outcome = parsePool({ ...withMetadata({ creationTimestamp: null }), status: null });
    assert.deepEqual(outcome, { ok: true, resource: base, warnings: [] });
  });

  const refusals: readonly (readonly [string, unknown, path: string, message: string])[] = [
    [
      'a list',
      [],
      '',
      'a list is not allowed here: write an object with apiVersion, kind, metadata, spec, status',
    ],
    [
      'another version',
      { ...base, apiVersion: 'spiderpool.spidernet.io/v1' },
      'apiVersion',
      '"spiderpool.spidernet.io/v1" is not supported here: write "spiderpool.spidernet.io/v2beta1"',
    ],
    [
      'another kind',
      { ...base, kind: 'SpiderSubnet' },
      'kind',
      '"SpiderSubnet" is not supported here: write "SpiderIPPool"',
    ],
    [
      'no metadata',
      { ...base, metadata: undefined },
      'metadata',
      'metadata is missing: write an object with a name',
    ],
    ['no name', { ...base, metadata: {} }, 'metadata.name', 'name is missing: write a name'],
    [
      'a generated name',
      { ...base, metadata: { generateName: 'a-' } },
      'metadata.name',
      'name is missing: write a name',
    ],
    [
      'a bad name',
      withMetadata({ name: 'A_b' }),
      'metadata.name',
      '"A_b" is not a name: write at most 253 small letters, digits, "-" or ".", a letter or digit first and last',
    ],
    [
      'a name with a line break',
      withMetadata({ name: 'a\n' }),
      'metadata.name',
      '"a\\n" is not a name: write at most 253 small letters, digits, "-" or ".", a letter or digit first and last',
    ],
    [
      'no subnet',
      { ...base, spec: { subnet: null } },
      'spec.subnet',
      'subnet is missing: write the CIDR of the network, such as "10.6.0.0/16"',
    ],
    [
      'a quoted family',
      withSpec({ ipVersion: '4' }),
      'spec.ipVersion',
      '"4" is not an IP version: write 4 or 6, without quotes, or leave it out',
    ],
    [
      'an unknown family',
      withSpec({ ipVersion: 5 }),
      'spec.ipVersion',
      '5 is not an IP version: write 4 or 6, without quotes, or leave it out',
    ],
    [
      'ips that are no list',
      withSpec({ ips: '10.6.0.1' }),
      'spec.ips',
      '"10.6.0.1" is a text: write a list, such as ["10.6.0.10-10.6.0.20", "10.6.0.30"]',
    ],
    [
      'a number among ips',
      withSpec({ ips: ['10.6.0.1', 10.6] }),
      'spec.ips[1]',
      '10.6 is a number: put it in quotes',
    ],
    [
      'a route without gateway',
      withSpec({ routes: [{ dst: '10.7.0.0/16' }] }),
      'spec.routes[0].gw',
      "gw is missing: write the address of the route's gateway",
    ],
    [
      'a selector without operator',
      withSpec({ podAffinity: { matchExpressions: [{ key: 'a' }] } }),
      'spec.podAffinity.matchExpressions[0].operator',
      'operator is missing: write In, NotIn, Exists or DoesNotExist',
    ],
    [
      'a label that is a boolean',
      withSpec({ nodeAffinity: { matchLabels: { 'a.b/c': true } } }),
      'spec.nodeAffinity.matchLabels[a.b/c]',
      'true is a boolean: put it in quotes',
    ],
    [
      'a quoted boolean',
      withSpec({ disable: 'true' }),
      'spec.disable',
      '"true" is a text: write true or false, without quotes',
    ],
    [
      'a negative count',
      { ...base, status: { totalIPCount: -1 } },
      'status.totalIPCount',
      '-1 is not a count: write an integer from 0 to 2^63 - 1',
    ],
    [
      'a count that lost digits',
      { ...base, status: { totalIPCount: 2 ** 63 } },
      'status.totalIPCount',
      '9223372036854776000 is not a count: write an integer from 0 to 2^63 - 1',
    ],
  ];
  for (const [what, value, path, message] of refusals) {
    test(`parsePool() refuses ${what}`, () => {
      const outcome = parsePool(value);
      assert.ok(!outcome.ok);
      assert.deepEqual(
        outcome.errors.map((error) => [error.path, error.message]),
        [[path, message]],
      );
    });
  }

  test('parsePool() collects all errors', () => {
    const outcome = parsePool({ ...base, metadata: {}, spec: { ips: 1, gateway: 2 } });
    assert.ok(!outcome.ok);
    assert.deepEqual(
      outcome.errors.map((error) => error.path),
      ['metadata.name', 'spec.subnet', 'spec.ips', 'spec.gateway'],
    );
  });

  test('parsePool() prunes unknown fields with a hint', () => {
    const outcome = parsePool({
      ...withSpec({ gatway: 'x', vlan: 1, 'a\u001bb': 1 }),
      metadata: { name: 'a', Labels: {} },
    });
    assert.deepEqual(outcome, {
      ok: true,
      resource: base,
      warnings: [
        { path: 'metadata.Labels', message: 'unknown field "Labels": it is ignored; did you mean labels?' },
        { path: 'spec.gatway', message: 'unknown field "gatway": it is ignored; did you mean gateway?' },
        { path: 'spec.vlan', message: 'unknown field "vlan": it is ignored; remove it' },
        { path: 'spec[a\\u001bb]', message: 'unknown field "a\\u001bb": it is ignored; remove it' },
      ],
    });
  });

  test('parsePool() drops what servers write and nobody reads, in silence', () => {
    const outcome = parsePool(withMetadata({ managedFields: [{}], namespace: 'x', selfLink: '/a' }));
    assert.deepEqual(outcome, { ok: true, resource: base, warnings: [] });
  });

  test('parsePool() waits for a generated name where it is told to', () => {
    const outcome = parsePool({ ...base, metadata: { generateName: 'a-' } }, { allowGeneratedName: true });
    assert.deepEqual(outcome, { ok: true, resource: { ...base, metadata: { name: '' } }, warnings: [] });
    assert.ok(!parsePool({ ...base, metadata: {} }, { allowGeneratedName: true }).ok);
  });

  test('parsePool() returns what has the type of a pool', () => {
    fc.assert(
      fc.property(anyPool, (pool) => {
        const named = { ...pool, metadata: { ...pool.metadata, name: 'a' } };
        const outcome = parsePool(named);
        assert.ok(outcome.ok);
        assert.ok(structurallyEqual(outcome.resource.spec, named.spec));
      }),
    );
  });

  test('parsePool() answers for any value', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (metadata, spec) => {
        assert.equal(parsePool({ ...base, metadata, spec: { ips: spec } }).ok, false);
        assert.equal(typeof parsePool(spec).ok, 'boolean');
      }),
    );
  });
});

describe('parseSubnet()', () => {
  const subnet = {
    apiVersion,
    kind: 'SpiderSubnet',
    metadata: { name: 'a' },
    spec: {
      ipVersion: 4,
      subnet: '10.6.0.0/16',
      ips: ['10.6.0.1'],
      excludeIPs: ['10.6.0.2'],
      gateway: '10.6.0.3',
      routes: [{ dst: '10.7.0.0/16', gw: '10.6.0.3' }],
    },
    status: { controlledIPPools: '{}', totalIPCount: 2n ** 63n - 1n, allocatedIPCount: 0n },
  };

  test('parseSubnet() takes every field of the schema', () => {
    assert.deepEqual(parseSubnet(subnet), { ok: true, resource: subnet, warnings: [] });
  });

  test('parseSubnet() refuses another kind and a missing subnet, and names what only pools have', () => {
    const outcome = parseSubnet({ ...subnet, kind: 'SpiderIPPool', spec: { disable: true } });
    assert.ok(!outcome.ok);
    assert.deepEqual(
      outcome.errors.map(({ path }) => path),
      ['kind', 'spec.subnet'],
    );
    assert.deepEqual(
      outcome.warnings.map(({ path }) => path),
      ['spec.disable'],
    );
  });
});

describe('parseReservedIp()', () => {
  test('parseReservedIp() takes both fields and nothing else', () => {
    const reserved = {
      apiVersion,
      kind: 'SpiderReservedIP',
      metadata: { name: 'r' },
      spec: { ipVersion: 6, ips: ['::1'] },
    };
    assert.deepEqual(parseReservedIp(reserved), { ok: true, resource: reserved, warnings: [] });
    const outcome = parseReservedIp({ ...reserved, spec: { ipVersion: 6, ip: ['::1'] } });
    assert.deepEqual(outcome.warnings, [
      { path: 'spec.ip', message: 'unknown field "ip": it is ignored; did you mean ips?' },
    ]);
  });

  test('parseReservedIp() returns what has the type of a reservation', () => {
    fc.assert(
      fc.property(anyReservedIp, (reserved) => {
        const outcome = parseReservedIp({ ...reserved, metadata: { name: 'r' } });
        assert.ok(outcome.ok);
        assert.ok(structurallyEqual(outcome.resource.spec, reserved.spec));
      }),
    );
  });
});
