import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { startTestPlane } from '../../src/cluster/kubernetes/testing/cluster-under-test.ts';
import { CniCode, CniError } from '../../src/cni/error.ts';
import { createKubeApi } from '../../src/kube/create-kube-api.ts';
import { until } from '../../test/integration/harness/until.ts';
import { createPod, type PodReference } from '../../test/support/cluster-objects.ts';
import { PodEvents } from './pod-events.ts';

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;

interface EventObject {
  readonly metadata: { readonly name: string };
  readonly involvedObject: { readonly uid: string };
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** Starts writing; an event is written at most every 200 ms. */
function startEvents(): { readonly events: PodEvents } & AsyncDisposable {
  const api = createKubeApi({ kubeconfig });
  const stop = new AbortController();
  const events = new PodEvents({
    api,
    nodeName: 'node-1',
    log: pino({ level: 'silent' }),
    writeEveryMs: 200,
  });
  const running = events.run(stop.signal);
  return {
    events,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await api[Symbol.asyncDispose]();
    },
  };
}

const newPod = (namespace: string, name = 'a'): Promise<PodReference> =>
  createPod(plane, { namespace, name, node: 'node-1' });

async function eventsIn(namespace: string): Promise<readonly EventObject[]> {
  const { body } = await plane.adminRequest('GET', `/api/v1/namespaces/${namespace}/events`);
  return (body as { readonly items: readonly EventObject[] }).items;
}

/** Waits until one event of the namespace, and no other, has counted so far. */
async function untilCounted(namespace: string, count: number): Promise<EventObject> {
  const event = await until(`an event that counts ${count}`, async () =>
    (await eventsIn(namespace)).find((each) => each.count === count),
  );
  assert.equal((await eventsIn(namespace)).length, 1);
  return event;
}

const exhausted = (message = 'pool p is exhausted'): CniError =>
  new CniError(CniCode.poolsExhausted, message);

test('PodEvents.refused() tells a refusal once, and counts on', async () => {
  await using started = startEvents();
  const pod = await newPod('counted');
  for (let times = 0; times < 50; times += 1) started.events.refused(pod, exhausted());
  const first = await untilCounted('counted', 50);
  assert.equal(first.involvedObject.uid, pod.uid);
  assert.equal(first.reason, 'IPAllocationFailed');
  started.events.refused(pod, exhausted('pool p is exhausted: 3 addresses cool down'));
  const second = await untilCounted('counted', 51);
  assert.equal(second.metadata.name, first.metadata.name);
  assert.equal(second.message, 'pool p is exhausted: 3 addresses cool down');
  assert.equal(proxy.countRequests('POST', /\/namespaces\/counted\/events$/), 1);
});

test('PodEvents tells each cause and each pod in an event of its own', async () => {
  await using started = startEvents();
  const [a, b] = [await newPod('apart', 'a'), await newPod('apart', 'b')];
  started.events.refused(a, exhausted());
  started.events.refused(b, exhausted());
  started.events.refused(a, new CniError(CniCode.badSelection, 'annotation x is wrong'));
  started.events.conflict(a, '10.6.0.10 is recorded for pod default/c');
  await until('four events', async () => (await eventsIn('apart')).length === 4);
  const reasons = (await eventsIn('apart')).map(({ reason }) => reason).toSorted();
  assert.deepEqual(reasons, ['IPAllocationFailed', 'IPAllocationFailed', 'IPAllocationFailed', 'IPConflict']);
});

test('PodEvents writes an event anew that the API server has forgotten', async () => {
  await using started = startEvents();
  const pod = await newPod('forgotten');
  started.events.refused(pod, exhausted());
  const { metadata } = await untilCounted('forgotten', 1);
  await plane.adminRequest('DELETE', `/api/v1/namespaces/forgotten/events/${metadata.name}`);
  started.events.refused(pod, exhausted());
  await untilCounted('forgotten', 2);
});

test('PodEvents drops what can not be written, and tells it with the next occurrence', async () => {
  await using started = startEvents();
  const pod = await newPod('dropped');
  const failing = proxy.inject({
    method: 'POST',
    path: /\/namespaces\/dropped\/events/,
    fault: { kind: 'status', status: 500 },
  });
  started.events.refused(pod, exhausted());
  await until('a try', () => failing.hits > 0);
  failing.remove();
  started.events.refused(pod, exhausted());
  await untilCounted('dropped', 2);
});

test('PodEvents writes no more than it may when everything is refused', async () => {
  await using started = startEvents();
  await newPod('flood');
  const sinceMs = performance.now();
  for (let index = 0; index < 2_000; index += 1) {
    started.events.refused({ namespace: 'flood', name: `p${index}`, uid: `uid-${index}` }, exhausted());
  }
  await until('some events', async () => (await eventsIn('flood')).length >= 50);
  const written = (await eventsIn('flood')).length;
  const seconds = (performance.now() - sinceMs) / 1_000;
  assert.ok(written <= 51 + seconds, `${written} events in ${seconds} s`);
});
