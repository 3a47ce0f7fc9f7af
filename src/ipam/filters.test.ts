import assert from 'node:assert/strict';
import test from 'node:test';
import { multusAnnotations } from '../api/names.ts';
import type { SpiderIPPoolSpec } from '../api/resources.ts';
import type { ClusterFacts } from './facts.ts';
import { type FilterContext, rejectionReason } from './filters.ts';
import { readPodNetworks } from './pod-networks.ts';
import { clusterFacts, factsWith } from './testing/facts.ts';

/** Why pool `a` with this spec is rejected. */
function reason(
  spec: Partial<SpiderIPPoolSpec>,
  more: Omit<ClusterFacts, 'catalog'> & { readonly autoPools?: readonly string[] },
  context: Partial<FilterContext> = {},
): string | undefined {
  const facts = factsWith({ a: spec }, more);
  const pool = facts.catalog.byName.get('a')?.pool;
  assert.ok(pool);
  const networks = readPodNetworks(facts);
  return rejectionReason(pool, {
    family: 4,
    nic: 'eth0',
    matchMasterSubnet: false,
    facts,
    networks,
    ...context,
  });
}

test('rejectionReason() compares labels of node, namespace and pod', () => {
  const selector = { matchLabels: { tier: 'gold' } };
  const gold = { tier: 'gold' };
  const cluster = clusterFacts();
  const rows: readonly [Partial<SpiderIPPoolSpec>, Partial<ClusterFacts>, string][] = [
    [{ nodeAffinity: selector }, { node: { name: 'n', labels: gold } }, 'nodeAffinity'],
    [{ namespaceAffinity: selector }, { namespace: { name: 's', labels: gold } }, 'namespaceAffinity'],
    [{ podAffinity: selector }, { pod: { name: 'p', labels: gold } }, 'podAffinity'],
  ];
  for (const [spec, matching, field] of rows) {
    assert.equal(reason(spec, { ...cluster, ...matching }), undefined);
    const why = reason(spec, cluster) ?? '';
    assert.ok(why.startsWith(`has ${field}, which the labels of `), why);
  }
  const empty = { podAffinity: {}, namespaceAffinity: {}, nodeAffinity: {} };
  assert.equal(reason(empty, cluster), undefined);
});

test('rejectionReason() asks for the network only of pools that set multusName', () => {
  assert.equal(reason({}, clusterFacts()), undefined);
  assert.equal(
    reason({}, clusterFacts({ pod: { [multusAnnotations.networks]: '[' } }), { nic: 'net1' }),
    undefined,
  );
  const why = reason({ multusName: ['infra/a'] }, clusterFacts()) ?? '';
  assert.match(
    why,
    /has multusName infra\/a, and the network of NIC eth0 is not known: .*default-network and/,
  );
});

test('rejectionReason() compares multusName with the network of the NIC, of the agent when it names no namespace', () => {
  const spec = { multusName: ['other/x', 'a'] };
  assert.equal(reason(spec, clusterFacts({ clusterNetwork: 'kube-system/a' })), undefined);
  assert.equal(
    reason(spec, clusterFacts({ clusterNetwork: 'infra/a' })),
    'has multusName other/x, a, and the network of NIC eth0 is infra/a',
  );
  const pod = { [multusAnnotations.networks]: 'a,other/x@data0' };
  assert.equal(reason(spec, clusterFacts({ pod }), { nic: 'data0' }), undefined);
  assert.match(
    reason(spec, clusterFacts({ pod }), { nic: 'net1' }) ?? '',
    /the network of NIC net1 is shop\/a$/,
  );
  assert.match(
    reason(spec, clusterFacts({ pod }), { nic: 'net2' }) ?? '',
    /k8s\.v1\.cni\.cncf\.io\/networks of the pod has no network for NIC net2$/,
  );
  const unreadable = clusterFacts({ pod: { [multusAnnotations.networks]: 'a b' } });
  assert.match(
    reason(spec, unreadable, { nic: 'net1' }) ?? '',
    /the network of NIC net1 can't be read: pod annotation k8s\.v1\.cni\.cncf\.io\/networks: "a b"/,
  );
});

test('rejectionReason() takes a matching multusName for evidence enough of the master subnet', () => {
  const cluster = clusterFacts({ clusterNetwork: 'infra/a' });
  assert.equal(reason({ multusName: ['infra/a'] }, cluster, { matchMasterSubnet: true }), undefined);
  assert.match(reason({}, cluster, { matchMasterSubnet: true }) ?? '', /SR-IOV/);
});

test('rejectionReason() rejects auto pools, whatever their affinity says', () => {
  const facts = { ...clusterFacts(), autoPools: ['a'] };
  assert.match(reason({}, facts) ?? '', /belongs to an application's auto pool/);
  assert.match(reason({ podAffinity: {} }, facts) ?? '', /belongs to an application's auto pool/);
});
