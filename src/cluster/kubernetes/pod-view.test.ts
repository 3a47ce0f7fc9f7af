import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MalformedObjectError } from './malformed-object.ts';
import { deathOf, isPodUid, type PodView, parsePodView } from './pod-view.ts';
import { podObject, podView } from './testing/objects.ts';

test('parsePodView() keeps what decisions read, and nothing else', () => {
  const object = podObject({
    metadata: {
      labels: { app: 'web' },
      annotations: {
        'ipam.spidernet.io/ippool': '{"ipv4":["a"]}',
        'k8s.v1.cni.cncf.io/networks': 'kube-system/macvlan',
        'kubernetes.io/config.hash': 'hash-1',
        'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(10_000),
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'u-1' },
        { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u-2', controller: true },
      ],
      managedFields: [{ manager: 'kubelet' }],
    },
    status: { phase: 'Failed', reason: 'Evicted' },
  });
  assert.deepEqual(parsePodView(object), {
    namespace: 'default',
    name: 'a',
    uid: 'uid-1',
    configHash: 'hash-1',
    labels: { app: 'web' },
    annotations: {
      'ipam.spidernet.io/ippool': '{"ipv4":["a"]}',
      'k8s.v1.cni.cncf.io/networks': 'kube-system/macvlan',
      'kubernetes.io/config.hash': 'hash-1',
    },
    nodeName: 'node-1',
    deleting: false,
    phase: 'Failed',
    reason: 'Evicted',
    restartPolicy: 'Always',
    controller: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u-2' },
  } satisfies PodView);
});

test('parsePodView() cuts an annotation that no decision would accept for its length', () => {
  const key = 'ipam.spidernet.io/ippools';
  const { annotations } = parsePodView(
    podObject({ metadata: { annotations: { [key]: 'ä'.repeat(200_000) } } }),
  );
  assert.equal(annotations[key]?.length, 32 * 1024 + 1);
});

test('parsePodView() takes labels without end for labels that are not known, rather than for fewer', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`key-${n}`, 'v'.repeat(63)]));
  assert.equal(parsePodView(podObject({ metadata: { labels: many } })).labels, undefined);
});

test('parsePodView() throws MalformedObjectError for whatever is no pod, and nothing else', () => {
  for (const object of [undefined, 7, [], {}, { metadata: {} }, podObject({ metadata: { uid: 5 } })]) {
    assert.throws(() => parsePodView(object), MalformedObjectError);
  }
  const anything = fc.oneof(
    fc.anything(),
    fc.record({ metadata: fc.anything(), spec: fc.anything(), status: fc.anything() }),
    fc
      .dictionary(fc.constantFrom('labels', 'annotations', 'ownerReferences', 'namespace'), fc.anything())
      .map((metadata) => podObject({ metadata })),
  );
  fc.assert(
    fc.property(anything, (object) => {
      try {
        parsePodView(object);
      } catch (error) {
        assert.ok(error instanceof MalformedObjectError);
      }
    }),
  );
});

test('isPodUid() knows a static pod by its UID and by the hash of its configuration', () => {
  const mirror = podView({ uid: 'mirror', configHash: 'hash' });
  assert.ok(isPodUid(mirror, 'mirror'));
  assert.ok(isPodUid(mirror, 'hash'));
  assert.ok(!isPodUid(mirror, ''));
  assert.ok(!isPodUid(podView(), 'undefined'));
});

test('deathOf() follows the rules of the original: deleted, finished, failed for good, evicted', () => {
  const dead: Partial<PodView>[] = [
    { deleting: true },
    { phase: 'Succeeded', restartPolicy: 'Never' },
    { phase: 'Succeeded', restartPolicy: 'OnFailure' },
    { phase: 'Failed', restartPolicy: 'Never' },
    { phase: 'Failed', restartPolicy: 'Always', reason: 'Evicted' },
  ];
  const living: Partial<PodView>[] = [
    {},
    { phase: 'Pending' },
    { phase: 'Succeeded', restartPolicy: 'Always' },
    { phase: 'Failed', restartPolicy: 'OnFailure' },
    { phase: 'Failed', restartPolicy: 'Always' },
    { phase: 'Running', reason: 'Evicted' },
  ];
  for (const fields of dead) assert.notEqual(deathOf(podView(fields)), undefined, JSON.stringify(fields));
  for (const fields of living) assert.equal(deathOf(podView(fields)), undefined, JSON.stringify(fields));
});
