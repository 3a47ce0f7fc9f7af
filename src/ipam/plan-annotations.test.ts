import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { multusAnnotations, namespaceAnnotations, podAnnotations } from '../api/names.ts';
import type { SpiderIPPoolSpec } from '../api/resources.ts';
import { CniCode } from '../cni/error.ts';
import { formatAddress, parseAddress } from '../ip/address.ts';
import type { AddPlan } from './add-plan.ts';
import { planAdd, wantsOf } from './plan.ts';
import type { NicRequest } from './request.ts';
import { type ClusterFactsOptions, clusterFacts, factsWith, ipv6Spec, nicRequest } from './testing/facts.ts';

const both = { 4: true, 6: true } as const;
const pools: Readonly<Record<string, Partial<SpiderIPPoolSpec>>> = {
  a: {},
  b: { ips: ['10.6.1.1-10.6.1.9'] },
  off: { disable: true },
  six: ipv6Spec,
};

function plan(options: ClusterFactsOptions, request: Partial<NicRequest> = {}): AddPlan {
  return planAdd(nicRequest(request), factsWith(pools, clusterFacts(options)), both);
}

function ippools(...elements: readonly object[]): Readonly<Record<string, string>> {
  return { [podAnnotations.ippools]: JSON.stringify(elements) };
}

/** `nic pools` of each want, with the address that is asked for. */
function wants(one: AddPlan): string[] {
  return wantsOf(one).map(
    ({ nic, pools: accepted, requested }) =>
      `${nic} ${accepted.map(({ name }) => name).join()}${requested === undefined ? '' : ` ${formatAddress(requested)}`}`,
  );
}

const eth0 = { interface: 'eth0', ipv4: ['a'], ipv6: ['six'] };
const net1 = { interface: 'net1', ipv4: ['b', 'a'] };

test('planAdd() plans all NICs of ippools, whichever is added', () => {
  for (const nic of ['eth0', 'net1']) {
    assert.deepEqual(wants(plan({ pod: ippools(eth0, net1) }, { nic })), ['eth0 a', 'eth0 six', 'net1 b,a']);
  }
});

test('planAdd() refuses all NICs of ippools when one of them can not be served', () => {
  const { problem, nics } = plan({ pod: ippools(eth0, { interface: 'net1', ipv4: ['off'] }) });
  assert.equal(problem?.code, CniCode.poolsFiltered);
  assert.match(problem.message, /the pod annotation ipam\.spidernet\.io\/ippools for NIC net1, IPv4/);
  assert.deepEqual(
    nics.map(({ nic, source }) => [nic, source]),
    [
      ['eth0', 'pod-ippools'],
      ['net1', 'pod-ippools'],
    ],
  );
});

test('planAdd() takes requested addresses and match_master_subnet for the current NIC alone', () => {
  const requestedAddresses = [parseAddress('10.6.1.5') ?? 0];
  const pod = ippools(eth0, net1);
  assert.deepEqual(wants(plan({ pod }, { nic: 'net1', requestedAddresses })), [
    'eth0 a',
    'eth0 six',
    'net1 b 10.6.1.5',
  ]);
  const refused = plan({ pod }, { nic: 'eth0', requestedAddresses });
  assert.equal(refused.problem?.code, CniCode.requestedAddressRefused);
  const { nics } = plan({ pod }, { nic: 'net1', matchMasterSubnet: true });
  assert.deepEqual(
    nics.map(({ families }) => families.every(({ accepted }) => accepted.length > 0)),
    [true, false],
  );
});

test('planAdd() asks for the addresses of the Multus selection, each for its own NIC', () => {
  const networks = '[{"name":"x","ips":["10.6.1.7/16"]}]';
  const pod = { ...ippools(eth0, net1), [multusAnnotations.networks]: networks };
  const requestedAddresses = [parseAddress('10.6.1.5') ?? 0];
  assert.deepEqual(wants(plan({ pod })), ['eth0 a', 'eth0 six', 'net1 b 10.6.1.7']);
  assert.equal(wants(plan({ pod }, { nic: 'net1', requestedAddresses })).at(-1), 'net1 b 10.6.1.7');
  const six = { ...pod, [multusAnnotations.networks]: '[{"name":"x","ips":["fd00:6::10"]}]' };
  const { problem } = plan({ pod: six });
  assert.equal(problem?.code, CniCode.requestedAddressRefused);
  assert.match(problem.message, /fd00:6::10 can't be given: no IPv6 pool is selected for NIC net1/);
});

test('planAdd() expands patterns of every source, in the order of the entries', () => {
  const rows: readonly ClusterFactsOptions[] = [
    { pod: ippools({ ipv4: ['b*', 'a'], ipv6: ['s?x'] }) },
    { pod: { [podAnnotations.ippool]: '{"ipv4":["b*","a"],"ipv6":["s?x"]}' } },
    { namespace: { [namespaceAnnotations[4]]: '["b*","a"]', [namespaceAnnotations[6]]: '["s?x"]' } },
  ];
  for (const options of rows) assert.deepEqual(wants(plan(options)), ['eth0 b,a', 'eth0 six']);
});

test('planAdd() refuses a pattern of an annotation that matches nothing, with the annotation', () => {
  const { problem } = plan({ namespace: { [namespaceAnnotations[4]]: '["nat-*"]' } });
  assert.equal(problem?.code, CniCode.poolUnknown);
  assert.match(
    problem.message,
    /"nat-\*" in the namespace annotation ipam\.spidernet\.io\/default-ipv4-ippool/,
  );
});

test('planAdd() refuses with 109 when only records that were not imported are in the way', () => {
  const notImported = (names: readonly string[], entries: readonly string[]): AddPlan =>
    planAdd(
      nicRequest({ configPools: { 4: entries, 6: [] } }),
      factsWith(pools, { ...clusterFacts(), notImported: names }),
      both,
    );
  const { problem } = notImported(['a'], ['a', 'off']);
  assert.equal(problem?.code, CniCode.originalRecords);
  assert.match(
    problem.message,
    /pool a has records of the original in status\.allocatedIPs.*spiderpoolctl migrate$/,
  );
  assert.deepEqual(wants(notImported(['a'], ['a', 'b'])), ['eth0 b']);
  assert.equal(notImported(['off'], ['off']).problem?.code, CniCode.poolsFiltered);
});

test('planAdd() carries the routes of the pod, and refuses bad ones while it still shows the pools', () => {
  const pod = { [podAnnotations.ippool]: '{"ipv4":["a"]}' };
  const routes = '[{"dst":"10.0.0.0/8","gw":"10.6.0.1"}]';
  const good = plan({ pod: { ...pod, [podAnnotations.routes]: routes } });
  assert.equal(good.problem, undefined);
  assert.deepEqual(
    good.customRoutes.map(({ gateway }) => formatAddress(gateway)),
    ['10.6.0.1'],
  );
  const bad = plan({ pod: { ...pod, [podAnnotations.routes]: '[{"dst":"x"}]' } });
  assert.equal(bad.problem?.code, CniCode.badSelection);
  assert.match(bad.problem.message, /ipam\.spidernet\.io\/routes: \[0\]\.dst must be a subnet/);
  assert.deepEqual([bad.customRoutes, wants(bad)], [[], ['eth0 a']]);
});

test('planAdd() names the annotation when nothing selects a pool on a cluster', () => {
  const { problem } = plan({});
  assert.equal(problem?.code, CniCode.noPoolSelected);
  assert.match(
    problem.message,
    /annotate the pod with ipam\.spidernet\.io\/ippool: \{"ipv4":\["pool-a"\]\}, set default/,
  );
});

test('wantsOf() keeps records in every candidate of the NIC, both families, accepted or not', () => {
  const one = plan({ pod: ippools({ ...eth0, ipv4: ['a', 'off'] }, net1) });
  assert.ok(wantsOf(one).every(({ keepPools }) => keepPools === undefined));
  assert.deepEqual(
    wantsOf(one, { keepsByPool: true }).map(({ nic, keepPools = new Set() }) =>
      [nic, ...keepPools].join(' '),
    ),
    ['eth0 a off six', 'eth0 a off six', 'net1 b a'],
  );
});

test('planAdd() turns whatever annotations say into pools or a CNI error, and never throws', () => {
  const right = fc.constantFrom('a', 'b', 'a*', 'off');
  const wrong = fc.constantFrom('gone', '[', '');
  const names = fc.uniqueArray(fc.oneof({ arbitrary: right, weight: 20 }, wrong), {
    minLength: 1,
    maxLength: 3,
  });
  const lists = fc.record({ ipv4: names, ipv6: fc.constantFrom([], ['six']) }, { requiredKeys: ['ipv4'] });
  const nics = fc.constantFrom(['eth0', 'net1'], ['', ''], ['eth0'], [''], ['net1', 'eth0'], ['net1'], []);
  const elements = nics.chain((some) =>
    fc.tuple(...some.map((nic) => lists.map((one) => ({ interface: nic, ...one })))),
  );
  const route = fc.record({
    dst: fc.constantFrom('10.0.0.0/8', '0.0.0.0/0', 'x'),
    gw: fc.constant('10.6.0.1'),
  });
  const pieces = fc.constantFrom('[', ']', '{', '}', '"', ',', ':', '"a"', '"ipv4"', 'null', '10.6.0.1');
  const junk = fc.oneof(
    fc.array(pieces, { maxLength: 10 }).map((some) => some.join('')),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  const text = (form: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof({ arbitrary: form, weight: 12 }, junk);
  const json = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
    text(value.map((one) => JSON.stringify(one)));
  const written = { requiredKeys: [] };
  const pod = fc.record(
    {
      [podAnnotations.ippools]: json(elements),
      [podAnnotations.ippool]: json(lists),
      [podAnnotations.subnet]: json(lists),
      [podAnnotations.routes]: json(fc.array(route, { maxLength: 2 })),
      [multusAnnotations.networks]: text(fc.constantFrom('a,b@data0', '[{"name":"a","ips":["10.6.1.5"]}]')),
      [multusAnnotations.defaultNetwork]: text(fc.constantFrom('a', 'infra/b')),
    },
    written,
  );
  const namespace = fc.record(
    { [namespaceAnnotations[4]]: json(names), [namespaceAnnotations[6]]: json(fc.constant(['six'])) },
    written,
  );
  fc.assert(
    fc.property(pod, namespace, fc.boolean(), (ofPod, ofNamespace, subnetsEnabled) => {
      const result = plan({ pod: ofPod, namespace: ofNamespace, subnetsEnabled });
      const made = wantsOf(result, { keepsByPool: true });
      if (result.problem !== undefined) return;
      assert.ok(made.some(({ nic }) => nic === 'eth0'));
      for (const want of made) {
        assert.ok(want.pools.length > 0);
        for (const { family, name } of want.pools) {
          assert.equal(family, want.family);
          assert.ok(want.keepPools?.has(name));
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
