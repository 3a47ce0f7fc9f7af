import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { multusAnnotations } from '../api/names.ts';
import { readPodNetworks } from './pod-networks.ts';
import { selectIppools } from './select-ippools.ts';
import { clusterFacts, factsWith } from './testing/facts.ts';
import { refusalOf } from './testing/refusal-of.ts';

/** The NICs of an annotation with one element for each of `interfaces`, where the networks annotation says this. */
function nicsOf(interfaces: readonly (string | undefined)[], nic: string, networks?: string): string[] {
  const pod = networks === undefined ? {} : { [multusAnnotations.networks]: networks };
  const elements = interfaces.map((name) => ({ interface: name, ipv4: ['a'] }));
  const facts = factsWith({}, clusterFacts({ pod }));
  return selectIppools(JSON.stringify(elements), nic, readPodNetworks(facts)).map((one) => one.nic);
}

test('selectIppools() takes the names that are written, in their order', () => {
  assert.deepEqual(nicsOf(['net1', 'eth0'], 'eth0'), ['net1', 'eth0']);
});

test('selectIppools() finds nameless NICs by the order of the networks annotation', () => {
  const nameless = [undefined, undefined, undefined, undefined];
  assert.deepEqual(nicsOf(nameless, 'eth0'), ['eth0', 'net1', 'net2', 'net3']);
  assert.deepEqual(nicsOf(nameless, 'data0', 'a,b@data0'), ['eth0', 'net1', 'data0', 'net3']);
  assert.deepEqual(nicsOf(nameless.slice(2), 'net1', 'a,b@data0'), ['eth0', 'net1']);
});

test('selectIppools() gives the i-th nameless NIC the name of the i-th network, else net<i>', () => {
  const name = fc.option(fc.integer({ min: 0, max: 99 }).map((n) => `data${n}`));
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 8, selector: (one) => one ?? Symbol('none') }),
      fc.integer({ min: 1, max: 12 }),
      (networks, count) => {
        const annotation = networks.map((one) => (one === null ? 'a' : `a@${one}`)).join();
        const nics = nicsOf(Array.from({ length: count }), 'eth0', annotation);
        const expected = Array.from({ length: count }, (_, i) =>
          i === 0 ? 'eth0' : (networks[i - 1] ?? `net${i}`),
        );
        assert.deepEqual(nics, expected);
      },
    ),
  );
});

test('selectIppools() refuses a NIC that is not listed, with those that are', () => {
  for (const interfaces of [
    ['eth0', 'net1'],
    [undefined, undefined],
  ]) {
    assert.match(
      refusalOf(() => nicsOf(interfaces, 'net2')),
      /ippools: has no pools for NIC "net2", only for "eth0", "net1": add an element for it/,
    );
  }
});

test('selectIppools() refuses nameless elements when the networks can not be read or give one name twice', () => {
  assert.match(
    refusalOf(() => nicsOf([undefined, undefined], 'eth0', 'a b')),
    /ippools: names no interfaces, so k8s\.v1\.cni\.cncf\.io\/networks must tell them, and that can't be read: .*"a b"/,
  );
  assert.deepEqual(nicsOf([undefined], 'eth0', 'a b'), ['eth0']);
  assert.match(
    refusalOf(() => nicsOf([undefined, undefined, undefined], 'eth0', 'a@net2,b')),
    /ippools: \[1\] and \[2\] are both for NIC "net2"/,
  );
});
