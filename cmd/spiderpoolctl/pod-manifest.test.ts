import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { CtlError } from './ctl-error.ts';
import { podOfManifest, readPodManifest } from './pod-manifest.ts';

const { signal } = new AbortController();

function read(text: string): ReturnType<typeof readPodManifest> {
  return readPodManifest('-', { stdin: Readable.from([text]), signal });
}

const template = { metadata: { labels: { app: 'web' } }, spec: { nodeName: 'worker-1' } };

test('podOfManifest() takes a pod as it is, with what every stored object has', () => {
  const pod = podOfManifest({ kind: 'Pod', metadata: { name: 'a', labels: { x: 'y' } }, spec: { a: 1 } });
  assert.deepEqual(pod, {
    metadata: { name: 'a', labels: { x: 'y' }, namespace: 'default', uid: '', resourceVersion: '' },
    spec: { a: 1 },
  });
});

test('podOfManifest() takes the template of a workload, under its name and with it as the controller', () => {
  for (const [kind, spec, name] of [
    ['Deployment', { template }, 'web'],
    ['StatefulSet', { template }, 'web-0'],
    ['StatefulSet', { template, ordinals: { start: 5 } }, 'web-5'],
    ['CronJob', { jobTemplate: { spec: { template } } }, 'web'],
  ] as const) {
    const metadata = { name: 'web', namespace: 'shop' };
    const controller = { apiVersion: 'v', kind, name: 'web', uid: '', controller: true };
    assert.deepEqual(podOfManifest({ apiVersion: 'v', kind, metadata, spec }), {
      metadata: {
        labels: { app: 'web' },
        ownerReferences: [controller],
        namespace: 'shop',
        name,
        uid: '',
        resourceVersion: '',
      },
      spec: { nodeName: 'worker-1' },
    });
  }
});

test('podOfManifest() finds none in what makes no pods', () => {
  assert.equal(podOfManifest({ kind: 'Service', metadata: { name: 'a' }, spec: { ports: [] } }), undefined);
  assert.equal(podOfManifest({ kind: 'PodTemplateLike', spec: { template: {} } }), undefined);
});

test('readPodManifest() takes the first document that has a pod', async () => {
  const pod = await read(
    'kind: Service\nmetadata: {name: s}\n---\nkind: Pod\nmetadata: {name: p}\nspec: {}\n',
  );
  assert.deepEqual((pod['metadata'] as { name: string }).name, 'p');
});

test('readPodManifest() says what is wrong with a manifest', async () => {
  for (const [text, message] of [
    ['a: [', /can't use the manifest stdin: line \d+: /],
    ['kind: Service\n', /it has no Pod.*\(it has: "Service"\)/],
    ['', /it has no Pod.*\(it has: no objects\)/],
  ] as const) {
    await assert.rejects(read(text), (error) => {
      assert.ok(error instanceof CtlError);
      assert.equal(error.code, 'CTL_USAGE');
      assert.match(error.message, message);
      return true;
    });
  }
});
