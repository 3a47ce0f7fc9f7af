import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEndpoint, type SpiderEndpoint } from '../../../src/api/endpoint.ts';
import { endpointFinalizer, nodeEndpointLabel } from '../../../src/api/names.ts';
import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { buildEndpoint, type EndpointParts } from '../../../src/endpoints/build-endpoint.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import { factsWith, ipv6Spec } from '../../../src/ipam/testing/facts.ts';
import { describeAddress } from '../allocated-address.ts';
import { record } from './testing/records.ts';

const { catalog } = factsWith({
  v4: { gateway: '10.6.0.1', routes: [{ dst: '172.16.0.0/12', gw: '10.6.0.2' }] },
  v6: { ...ipv6Spec, gateway: 'fd00:6::1' },
  bare: { subnet: '10.7.0.0/24', ips: ['10.7.0.10-10.7.0.20'] },
});

const dualStack = [record('fd00:6::10'), record('10.6.0.10')];

function parts(more: Partial<EndpointParts> = {}): EndpointParts {
  return {
    name: { namespace: 'default', name: 'a' },
    pod: { namespace: 'default', name: 'a', uid: 'uid-1' },
    nodeName: 'node-1',
    nodeHash: '0123456789abcdef',
    records: dualStack,
    catalog,
    controller: { kind: 'Deployment', name: 'web' },
    answered: () => undefined,
    ...more,
  };
}

/** As the API server gives it back. */
function stored(endpoint: SpiderEndpoint): SpiderEndpoint {
  return parseEndpoint(JSON.parse(JSON.stringify(endpoint)));
}

function detailsOf(endpoint: SpiderEndpoint) {
  return endpoint.status?.current.ips;
}

test('buildEndpoint() puts both families of a NIC into one entry, as the original does', () => {
  assert.deepEqual(buildEndpoint(parts()), {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderEndpoint',
    metadata: {
      namespace: 'default',
      name: 'a',
      labels: { [nodeEndpointLabel]: '0123456789abcdef' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'uid-1' }],
    },
    status: {
      current: {
        uid: 'uid-1',
        node: 'node-1',
        ips: [
          {
            interface: 'eth0',
            vlan: 0,
            ipv4: '10.6.0.10/16',
            ipv4Pool: 'v4',
            ipv4Gateway: '10.6.0.1',
            ipv6: 'fd00:6::10/64',
            ipv6Pool: 'v6',
            ipv6Gateway: 'fd00:6::1',
            cleanGateway: false,
            routes: [{ dst: '172.16.0.0/12', gw: '10.6.0.2' }],
          },
        ],
      },
      ownerControllerType: 'Deployment',
      ownerControllerName: 'web',
    },
  });
});

test('buildEndpoint() shows eth0 first, and the other NICs in the order of their numbers', () => {
  const records = ['net10', 'net2', 'eth0', 'eth1'].map((nic, index) =>
    record(`10.6.0.${10 + index}`, { nic }),
  );
  const nics = detailsOf(buildEndpoint(parts({ records })))?.map((detail) => detail.interface);
  assert.deepEqual(nics, ['eth0', 'eth1', 'net2', 'net10']);
});

test('buildEndpoint() tells no gateway of a pool without one, and no prefix of a pool that is gone', () => {
  const records = [record('10.7.0.10', { pool: 'bare' }), record('10.8.0.10', { nic: 'net1', pool: 'gone' })];
  assert.deepEqual(detailsOf(buildEndpoint(parts({ records }))), [
    { interface: 'eth0', vlan: 0, ipv4: '10.7.0.10/24', ipv4Pool: 'bare' },
    { interface: 'net1', vlan: 0, ipv4: '10.8.0.10/32', ipv4Pool: 'gone' },
  ]);
});

test('buildEndpoint() tells routes and cleanGateway as they were answered', () => {
  const [v6, v4] = dualStack.map((each) => describeAddress(each, catalog, true));
  assert.ok(v4 && v6);
  const custom = {
    destination: { family: 4 as const, network: 0, prefixLength: 1 },
    gateway: v4.gateway ?? 0,
  };
  const answered = () => [v6, { ...v4, routes: [...v4.routes, custom] }];
  const [detail] = detailsOf(buildEndpoint(parts({ answered }))) ?? [];
  assert.equal(detail?.cleanGateway, true);
  assert.deepEqual(detail?.routes, [
    { dst: '172.16.0.0/12', gw: '10.6.0.2' },
    { dst: '0.0.0.0/1', gw: '10.6.0.1' },
  ]);
});

test('buildEndpoint() leaves routes that stand for the same addresses when the answer is not known', () => {
  const answered = () => dualStack.map((each) => describeAddress(each, catalog, true));
  const standing = stored(buildEndpoint(parts({ answered })));
  assert.ok(structurallyEqual(buildEndpoint(parts(), standing), standing));
  const others = parts({ records: [record('10.6.0.11')] });
  assert.equal(detailsOf(buildEndpoint(others, standing))?.[0]?.cleanGateway, false);
  const namesake = parts({ pod: { namespace: 'default', name: 'a', uid: 'uid-2' } });
  assert.equal(detailsOf(buildEndpoint(namesake, standing))?.[0]?.cleanGateway, false);
});

test('buildEndpoint() ties an endpoint to its pod, and one with an owner to nothing', () => {
  const references = (more: Partial<EndpointParts>, standing?: SpiderEndpoint) =>
    buildEndpoint(parts(more), standing).metadata.ownerReferences;
  const other = { apiVersion: 'example.org/v1', kind: 'Thing', name: 't', uid: 'uid-t' };
  const before = { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'uid-0' };
  const built = buildEndpoint(parts());
  const standing = { ...built, metadata: { ...built.metadata, ownerReferences: [before, other] } };
  const own = { ...before, uid: 'uid-1' };
  assert.deepEqual(references({}, standing), [other, own]);
  const owner = { kind: 'StatefulSet', namespace: 'default', name: 'a' };
  const records = [record('10.6.0.10', { owner })];
  assert.deepEqual(references({ records }, standing), [other]);
  assert.equal(references({ records }), undefined);
});

test('buildEndpoint() leaves what others wrote into the metadata', () => {
  const built = buildEndpoint(parts());
  const metadata = {
    ...built.metadata,
    uid: 'uid-e',
    resourceVersion: '7',
    finalizers: [endpointFinalizer],
    annotations: { note: 'kept' },
    labels: { team: 'a', [nodeEndpointLabel]: 'forged' },
  };
  assert.deepEqual(buildEndpoint(parts(), { ...built, metadata }).metadata, {
    ...metadata,
    labels: { team: 'a', [nodeEndpointLabel]: '0123456789abcdef' },
  });
});

test('buildEndpoint() builds on its own work what is equal to it, whatever stood there', () => {
  const pool = fc.constantFrom('v4', 'gone');
  const nic = fc.constantFrom('eth0', 'net1', 'net2');
  const records = fc.uniqueArray(fc.record({ last: fc.nat({ max: 255 }), nic, pool }), {
    selector: (each) => each.nic,
  });
  const junk = fc.record({ interface: nic, ipv4: fc.string(), vlan: fc.nat({ max: 4094 }) });
  fc.assert(
    fc.property(records, fc.array(junk), fc.constantFrom('uid-1', 'uid-2'), (all, ips, uid) => {
      const own = parts({
        records: all.map((each) => record(`10.6.0.${each.last}`, { nic: each.nic, pool: each.pool })),
      });
      const forged = buildEndpoint(own);
      const current = { uid, node: 'node-9', ips };
      const status = { current, ownerControllerType: '', ownerControllerName: '' };
      const once = stored(buildEndpoint(own, { ...forged, status }));
      assert.ok(structurallyEqual(stored(buildEndpoint(own, once)), once));
      for (const { address, nic: name } of own.records) {
        const detail = detailsOf(once)?.find((each) => each.interface === name);
        assert.equal(detail?.ipv4?.split('/')[0], formatAddress(address));
      }
      assert.equal(detailsOf(once)?.length, own.records.length);
    }),
  );
});
