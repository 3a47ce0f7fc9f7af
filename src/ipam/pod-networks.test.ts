import assert from 'node:assert/strict';
import test from 'node:test';
import { multusAnnotations } from '../api/names.ts';
import { CniError } from '../cni/error.ts';
import { networkOfNic, type PodNetworks, readPodNetworks } from './pod-networks.ts';
import { clusterFacts, factsWith } from './testing/facts.ts';

function networks(options: {
  readonly own?: string;
  readonly further?: string;
  readonly cluster?: string;
}): PodNetworks {
  const { own, further, cluster } = options;
  const pod = {
    ...(own !== undefined && { [multusAnnotations.defaultNetwork]: own }),
    ...(further !== undefined && { [multusAnnotations.networks]: further }),
  };
  return readPodNetworks(
    factsWith({}, clusterFacts({ pod, ...(cluster !== undefined && { clusterNetwork: cluster }) })),
  );
}

function textOf(read: PodNetworks, nic: string): string | undefined {
  const network = networkOfNic(read, nic);
  assert.ok(!(network instanceof CniError));
  return network && `${network.namespace}/${network.name}`;
}

test('networkOfNic() gives eth0 the network of the pod, else that of the cluster, else none', () => {
  assert.equal(textOf(networks({ own: 'a', cluster: 'infra/b' }), 'eth0'), 'kube-system/a');
  assert.equal(textOf(networks({ own: '[{"name":"a","namespace":"x"}]' }), 'eth0'), 'x/a');
  assert.equal(textOf(networks({ own: '', cluster: 'infra/b' }), 'eth0'), 'infra/b');
  assert.equal(textOf(networks({ cluster: 'b' }), 'eth0'), 'kube-system/b');
  assert.equal(textOf(networks({ cluster: '' }), 'eth0'), undefined);
});

test('networkOfNic() finds further NICs by name or place, in the namespace of the pod', () => {
  const read = networks({ further: 'a,infra/b@data0,c', cluster: 'infra/d' });
  assert.equal(textOf(read, 'net1'), 'shop/a');
  assert.equal(textOf(read, 'data0'), 'infra/b');
  assert.equal(textOf(read, 'net2'), undefined);
  assert.equal(textOf(read, 'net3'), 'shop/c');
  assert.equal(textOf(networks({ further: ' ' }), 'net1'), undefined);
});

test('readPodNetworks() keeps what can not be read as the error that names its origin', () => {
  const read = networks({ own: '[', further: 'a b', cluster: 'x' });
  const rows = [
    ['eth0', /^pod annotation v1\.multus-cni\.io\/default-network: is not JSON/],
    ['net1', /^pod annotation k8s\.v1\.cni\.cncf\.io\/networks: "a b" is not/],
  ] as const;
  for (const [nic, message] of rows) {
    const error = networkOfNic(read, nic);
    assert.ok(error instanceof CniError);
    assert.match(error.message, message);
  }
  const { first } = networks({ cluster: 'A/b' });
  assert.ok(first instanceof CniError);
  assert.match(first.message, /^MULTUS_CLUSTER_NETWORK of the agent: "A\/b" is not/);
});
