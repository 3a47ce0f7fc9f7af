import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { namespaceAnnotations, podAnnotations } from '../api/names.ts';
import { readPodNetworks } from './pod-networks.ts';
import type { NicRequest } from './request.ts';
import { listTitle, type NicSelection, selectPools } from './sources.ts';
import { type ClusterFactsOptions, clusterFacts, factsWith, ipv6Spec, nicRequest } from './testing/facts.ts';
import { refusalOf } from './testing/refusal-of.ts';

function select(
  options: ClusterFactsOptions,
  request: Partial<NicRequest> = {},
): readonly NicSelection[] | undefined {
  const facts = factsWith({ standard: { default: true }, six: ipv6Spec }, clusterFacts(options));
  return selectPools({ request: nicRequest(request), facts, networks: readPodNetworks(facts) });
}

const ippools = { [podAnnotations.ippools]: '[{"interface":"eth0","ipv4":["from-ippools"]}]' };
const ippool = { [podAnnotations.ippool]: '{"ipv4":["from-ippool"]}' };
const ofNamespace = { [namespaceAnnotations[4]]: '["from-namespace"]' };
const configPools = { 4: ['from-config'], 6: [] };

test('selectPools() takes the first source that has something, whatever the later ones say', () => {
  fc.assert(
    fc.property(
      ...([fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()] as const),
      (byIppools, byIppool, byNamespace, byConfig) => {
        const selections = select(
          {
            pod: { ...(byIppools && ippools), ...(byIppool && ippool) },
            ...(byNamespace && { namespace: ofNamespace }),
          },
          byConfig ? { configPools } : {},
        );
        const sources = [
          ...(byIppools ? ['pod-ippools from-ippools'] : []),
          ...(byIppool ? ['pod-ippool from-ippool'] : []),
          ...(byNamespace ? ['namespace from-namespace'] : []),
          ...(byConfig ? ['cni-config from-config'] : []),
          'cluster-default standard',
        ];
        assert.deepEqual(
          selections?.map(({ source, pools }) => `${source} ${pools[4].join()}`),
          sources.slice(0, 1),
        );
        assert.deepEqual(selections?.[0]?.pools[6], []);
      },
    ),
  );
});

test('selectPools() gives ippools for all their NICs, each with its own cleangateway', () => {
  const text =
    '[{"interface":"eth0","ipv4":["a"]},{"interface":"net1","ipv4":["b"],"ipv6":["c"],"cleanGateway":true}]';
  const selections = select({ pod: { [podAnnotations.ippools]: text } }, { nic: 'net1', cleanGateway: true });
  assert.deepEqual(selections, [
    { nic: 'eth0', source: 'pod-ippools', cleanGateway: false, pools: { 4: ['a'], 6: [] } },
    { nic: 'net1', source: 'pod-ippools', cleanGateway: true, pools: { 4: ['b'], 6: ['c'] } },
  ]);
});

test('selectPools() gives all other sources for the current NIC, with cleanGateway of the CNI config', () => {
  for (const options of [{ pod: ippool }, { namespace: ofNamespace }, {}]) {
    const [selection, ...rest] = select(options, { nic: 'net3', cleanGateway: true }) ?? [];
    assert.deepEqual([selection?.nic, selection?.cleanGateway, rest], ['net3', true, []]);
  }
});

test('selectPools() passes over a namespace whose lists are empty', () => {
  const namespace = { [namespaceAnnotations[4]]: '[]', [namespaceAnnotations[6]]: '[]' };
  assert.equal(select({ namespace })?.[0]?.source, 'cluster-default');
  const six = { ...namespace, [namespaceAnnotations[6]]: '["six"]' };
  assert.deepEqual(select({ namespace: six })?.[0]?.pools, { 4: [], 6: ['six'] });
});

test('selectPools() lets no later source step in for an annotation that can not be followed', () => {
  assert.match(
    refusalOf(() => select({ pod: { ...ippool, [podAnnotations.ippools]: '' } })),
    /ippools: is empty/,
  );
  assert.match(
    refusalOf(() => select({ pod: { [podAnnotations.ippool]: '{}' }, namespace: ofNamespace })),
    /ippool: /,
  );
  const namespace = { ...ofNamespace, [namespaceAnnotations[6]]: 'x' };
  assert.match(
    refusalOf(() => select({ namespace })),
    /default-ipv6-ippool: is not JSON/,
  );
});

test('selectPools() refuses subnets while they are switched on, before every other source, and ignores them else', () => {
  for (const key of [podAnnotations.subnet, podAnnotations.subnets]) {
    const pod = { ...ippools, [key]: '{"ipv4":["subnet-a"]}' };
    const message = refusalOf(() => select({ pod, subnetsEnabled: true }));
    assert.ok(
      message.startsWith(`pod annotation ${key} is not supported yet: remove it and name pools with`),
    );
    assert.match(message, /enableSpiderSubnet: false/);
    assert.equal(select({ pod })?.[0]?.source, 'pod-ippools');
  }
  assert.equal(select({ pod: ippool, subnetsEnabled: true })?.[0]?.source, 'pod-ippool');
});

test('listTitle() names the annotation of the family', () => {
  assert.equal(listTitle('namespace', 6), 'the namespace annotation ipam.spidernet.io/default-ipv6-ippool');
  assert.equal(listTitle('pod-ippool', 6), 'the pod annotation ipam.spidernet.io/ippool');
});
