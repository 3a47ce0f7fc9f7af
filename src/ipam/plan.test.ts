import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { SpiderIPPoolSpec } from '../api/resources.ts';
import { reservedFixture } from '../api/testing/resources.ts';
import { CniCode } from '../cni/error.ts';
import { parseAddress } from '../ip/address.ts';
import type { AddPlan } from './add-plan.ts';
import type { ClusterFacts } from './facts.ts';
import { planAdd, wantsOf } from './plan.ts';
import type { NicRequest } from './request.ts';
import { factsWith, ipv6Spec, nicRequest } from './testing/facts.ts';

const both = { 4: true, 6: true } as const;

function plan(request: Partial<NicRequest>, facts: ClusterFacts, enabled = both): AddPlan {
  return planAdd(nicRequest(request), facts, enabled);
}

function config(ipv4: readonly string[], ipv6: readonly string[] = []): Partial<NicRequest> {
  return { configPools: { 4: ipv4, 6: ipv6 } };
}

function acceptedNames(one: AddPlan, family: 4 | 6 = 4): string[] {
  const found = one.nics[0]?.families.find((entry) => entry.family === family);
  return (found?.accepted ?? []).map(({ pool }) => pool.name);
}

function address(text: string): number | bigint {
  const parsed = parseAddress(text);
  assert.ok(parsed !== undefined);
  return parsed;
}

test('planAdd() takes the pools of the CNI config before the cluster default', () => {
  const facts = factsWith({ a: { default: true }, b: { subnet: '10.7.0.0/16', ips: ['10.7.0.1'] } });
  assert.deepEqual(acceptedNames(plan(config(['b']), facts)), ['b']);
  assert.deepEqual(acceptedNames(plan({}, facts)), ['a']);
});

test('planAdd() asks the cluster default for no family once the CNI config names the other', () => {
  const facts = factsWith({ a: {}, six: { ...ipv6Spec, default: true } });
  const result = plan(config(['a']), facts);
  assert.deepEqual(
    result.nics[0]?.families.map(({ family }) => family),
    [4],
  );
});

test('planAdd() refuses with 100 and says what to set when no source names a pool', () => {
  const { problem, nics } = plan({}, factsWith({ a: {} }));
  assert.equal(problem?.code, CniCode.noPoolSelected);
  assert.match(problem.message, /default_ipv4_ippool.*spec\.default: true/);
  assert.deepEqual(nics, []);
});

test('planAdd() keeps the order of the CNI config among equal pools, whatever their names', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const pools = Object.fromEntries(names.map((name): [string, Partial<SpiderIPPoolSpec>] => [name, {}]));
  const facts = factsWith(pools);
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: 1 }), (written) => {
      assert.deepEqual(acceptedNames(plan(config(written), facts)), written);
    }),
  );
});

test('planAdd() orders the cluster default pools by name', () => {
  const facts = factsWith({ c: { default: true }, a: { default: true }, b: { default: true } });
  assert.deepEqual(acceptedNames(plan({}, facts)), ['a', 'b', 'c']);
});

test('planAdd() puts pools with a stronger restriction first', () => {
  const facts = factsWith(
    {
      plain: {},
      ns: { namespaceName: ['default'] },
      node: { nodeName: ['node-1'] },
      labels: { nodeAffinity: { matchLabels: { a: 'b' } } },
    },
    { node: { name: 'node-1', labels: { a: 'b' } }, namespace: { name: 'default' } },
  );
  assert.deepEqual(acceptedNames(plan(config(['plain', 'ns', 'labels', 'node']), facts)), [
    'node',
    'labels',
    'ns',
    'plain',
  ]);
});

test('planAdd() expands patterns within the family, in the order of the entries', () => {
  const facts = factsWith({ 'net-b': {}, 'net-a': {}, other: {}, 'net-six': ipv6Spec });
  assert.deepEqual(acceptedNames(plan(config(['other', 'net-*']), facts)), ['other', 'net-a', 'net-b']);
});

test('planAdd() refuses a pattern that matches nothing, with the pattern and the pools that exist', () => {
  const { problem } = plan(config(['nat-*']), factsWith({ 'net-a': {}, six: ipv6Spec }));
  assert.equal(problem?.code, CniCode.poolUnknown);
  assert.match(problem.message, /"nat-\*".*CNI config.*eth0.*existing IPv4 pools: net-a$/);
});

test('planAdd() refuses a malformed pattern with an example of a right one', () => {
  const { problem } = plan(config(['net-[]']), factsWith({ 'net-a': {} }));
  assert.equal(problem?.code, CniCode.badSelection);
  assert.match(problem.message, /"net-\[\]".*net-\[a-c\]/);
});

test('planAdd() refuses the whole request for one unknown pool, and still shows the others as candidates', () => {
  const { problem, nics } = plan(config(['a', 'gone']), factsWith({ a: {} }));
  assert.equal(problem?.code, CniCode.poolUnknown);
  assert.match(problem.message, /pool gone, named in the CNI config/);
  assert.deepEqual(nics[0]?.families[0]?.candidates, [
    { name: 'a' },
    { name: 'gone', reason: 'does not exist' },
  ]);
});

test('planAdd() refuses a pool that is named twice, also when a pattern names it again', () => {
  for (const entries of [
    ['a', 'a'],
    ['a', '*'],
  ]) {
    const { problem } = plan(config(entries), factsWith({ a: {} }));
    assert.equal(problem?.code, CniCode.badSelection);
    assert.match(problem.message, /pool a is named twice/);
  }
});

test('planAdd() refuses more than 64 pools in a list', () => {
  const pools = Object.fromEntries(
    Array.from({ length: 65 }, (_, index): [string, Partial<SpiderIPPoolSpec>] => [`p${index}`, {}]),
  );
  const { problem } = plan(config(['p*']), factsWith(pools));
  assert.equal(problem?.code, CniCode.badSelection);
  assert.match(problem.message, /gives more than 64 pools: name fewer/);
});

test('planAdd() tells for each rejected pool why, and refuses with 102 when none is left', () => {
  const selector = { matchLabels: { app: 'x' } };
  const rows: readonly [Partial<SpiderIPPoolSpec>, RegExp][] = [
    [{ disable: true }, /is disabled \(spec\.disable is true\)/],
    [ipv6Spec, /is an IPv6 pool in the IPv4 list/],
    [{ nodeName: ['node-2'] }, /has nodeName node-2, and the node is node-1/],
    [{ nodeAffinity: selector }, /has nodeAffinity, and the labels of node node-1 are not known/],
    [{ namespaceName: ['prod'] }, /has namespaceName prod, and the namespace is default/],
    [
      { namespaceAffinity: selector },
      /has namespaceAffinity, and the labels of namespace default are not known/,
    ],
    [{ podAffinity: selector }, /has podAffinity, and the labels of pod web are not known/],
    [{ multusName: ['ns/net'] }, /has multusName ns\/net/],
  ];
  for (const [spec, reason] of rows) {
    const { problem, nics } = plan(
      config(['a']),
      factsWith({ a: spec }, { namespace: { name: 'default' }, pod: { name: 'web' } }),
    );
    assert.equal(problem?.code, CniCode.poolsFiltered);
    assert.match(problem.message, reason);
    assert.match(nics[0]?.families[0]?.candidates[0]?.reason ?? '', reason);
  }
  const deleting = plan(config(['a']), factsWith({ a: {} }, { deleting: ['a'] }));
  assert.match(deleting.problem?.message ?? '', /pool a is being deleted/);
  const subnet = plan({ ...config(['a']), matchMasterSubnet: true }, factsWith({ a: {} }));
  assert.match(subnet.problem?.message ?? '', /SR-IOV/);
});

test('planAdd() looks at names before labels: a name list that matches overrules an affinity that does not', () => {
  const facts = factsWith(
    {
      a: {
        nodeName: ['node-1'],
        nodeAffinity: { matchLabels: { no: 'where' } },
        namespaceName: ['default'],
        namespaceAffinity: { matchLabels: { no: 'where' } },
      },
    },
    { node: { name: 'node-1', labels: {} }, namespace: { name: 'default', labels: {} } },
  );
  assert.deepEqual(acceptedNames(plan(config(['a']), facts)), ['a']);
});

test('planAdd() goes on with the pools that fit and keeps the reasons of the others', () => {
  const { problem, nics } = plan(config(['a', 'b']), factsWith({ a: { disable: true }, b: {} }));
  assert.equal(problem, undefined);
  assert.deepEqual(
    nics[0]?.families[0]?.candidates.map(({ name, reason }) => [name, reason === undefined]),
    [
      ['b', true],
      ['a', false],
    ],
  );
});

test('planAdd() leaves out a family that is switched off, and refuses with 107 when nothing remains', () => {
  const facts = factsWith({ a: {}, six: ipv6Spec });
  const dual = planAdd(nicRequest(config(['a'], ['six'])), facts, { 4: true, 6: false });
  assert.equal(dual.problem, undefined);
  assert.deepEqual(dual.nics[0]?.switchedOff, [6]);
  assert.equal(wantsOf(dual).length, 1);
  const single = planAdd(nicRequest(config([], ['six'])), facts, { 4: true, 6: false });
  assert.equal(single.problem?.code, CniCode.familyDisabled);
  assert.match(single.problem.message, /enableIPv6: true/);
});

test('planAdd() keeps only the pools that contain a requested address', () => {
  const facts = factsWith({ a: {}, b: { ips: ['10.6.1.1-10.6.1.9'] } });
  const result = plan({ ...config(['a', 'b']), requestedAddresses: [address('10.6.1.5')] }, facts);
  assert.equal(result.problem, undefined);
  assert.deepEqual(acceptedNames(result), ['b']);
  assert.equal(wantsOf(result)[0]?.requested, address('10.6.1.5'));
});

test('planAdd() refuses a requested address with the reason of each pool', () => {
  const facts = factsWith(
    {
      out: {},
      excluding: { ips: ['10.6.1.1-10.6.1.9'], excludeIPs: ['10.6.1.5'] },
      reserving: { ips: ['10.6.1.1-10.6.1.6'] },
    },
    { reserved: [reservedFixture({ ipVersion: 4, ips: ['10.6.1.5'] })] },
  );
  const { problem } = plan(
    { ...config(['out', 'excluding', 'reserving']), requestedAddresses: [address('10.6.1.5')] },
    facts,
  );
  assert.equal(problem?.code, CniCode.requestedAddressRefused);
  assert.match(
    problem.message,
    /pool out does not contain 10\.6\.1\.5 \(its ips are 10\.6\.0\.10-10\.6\.0\.20\)/,
  );
  assert.match(problem.message, /pool excluding excludes 10\.6\.1\.5 \(excludeIPs\)/);
  assert.match(problem.message, /pool reserving may not give 10\.6\.1\.5: a SpiderReservedIP reserves it/);
});

test('planAdd() refuses a requested address of a family that is not selected, and two of one family', () => {
  const facts = factsWith({ a: {} });
  const six = plan({ ...config(['a']), requestedAddresses: [address('fd00::1')] }, facts);
  assert.equal(six.problem?.code, CniCode.requestedAddressRefused);
  assert.match(six.problem.message, /fd00::1.*no IPv6 pool is selected/);
  const two = plan(
    { ...config(['a']), requestedAddresses: [address('10.6.0.10'), address('10.6.0.11')] },
    facts,
  );
  assert.equal(two.problem?.code, CniCode.requestedAddressRefused);
  assert.match(two.problem.message, /10\.6\.0\.10, 10\.6\.0\.11/);
});

test('planAdd() never throws, and has a problem exactly when a family has no accepted pool or an entry is wrong', () => {
  const entry = fc.constantFrom('a', 'b', 'off', 'six', 'gone', '*', 'a*', '[');
  const facts = factsWith({ a: {}, b: {}, off: { disable: true }, six: ipv6Spec });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), fc.array(entry, { maxLength: 4 }), (ipv4, ipv6) => {
      const result = plan(config(ipv4, ipv6), facts);
      const wants = wantsOf(result);
      if (result.problem !== undefined) return;
      assert.ok(wants.length > 0);
      for (const { pools, family } of wants) {
        assert.ok(pools.length > 0);
        for (const pool of pools) assert.equal(pool.family, family);
      }
    }),
  );
});
