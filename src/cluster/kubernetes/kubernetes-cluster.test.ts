import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { pino } from 'pino';
import { until } from '../../../test/integration/harness/until.ts';
import {
  createNamespace,
  createNode,
  createPod,
  createPool,
  createStatefulSet,
  deletePod,
  finishPod,
  type PodReference,
} from '../../../test/support/cluster-objects.ts';
import { CniCode, CniError } from '../../cni/error.ts';
import { parseAddress } from '../../ip/address.ts';
import { createKubeApi } from '../../kube/create-kube-api.ts';
import type { PodHolder } from '../cluster.ts';
import { OwnPods } from './own-pods.ts';
import { followCluster, startTestPlane } from './testing/cluster-under-test.ts';

const world = await startTestPlane();
after(() => world[Symbol.asyncDispose]());
const { plane, proxy, kubeconfig } = world;

const pools = '/apis/spiderpool.spidernet.io/v2beta1/spiderippools';
const reservedIps = '/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips';
const spec = { subnet: '10.6.0.0/16', ips: ['10.6.0.10-10.6.0.20'] };
const signal = AbortSignal.timeout(600_000);

await createNode(plane, 'node-1', { labels: { zone: 'a' } });
await createNamespace(plane, 'web', {
  labels: { team: 'web' },
  annotations: { 'ipam.spidernet.io/default-ipv4-ippool': '["a"]', other: 'x' },
});

let uniqueNumber = 0;
function unique(prefix: string): string {
  uniqueNumber += 1;
  return `${prefix}-${uniqueNumber}`;
}

function newPod(options: Partial<Parameters<typeof createPod>[1]> = {}): Promise<PodReference> {
  return createPod(plane, { namespace: 'web', name: unique('pod'), node: 'node-1', ...options });
}

function holderOf({ namespace, name, uid }: PodReference): PodHolder {
  return { uid, sandbox: 'sandbox-1', pod: { namespace, name } };
}

async function admin(method: string, path: string, body?: object | string): Promise<unknown> {
  const answer = await plane.adminRequest(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`);
  return answer.body;
}

function rejectsWith(code: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CniError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

/** Reads of single pods, pools or whatever the path matches; watches and lists of pods are none. */
function countGets(path: RegExp): number {
  return proxy.countRequests('GET', path);
}

test('KubernetesCluster.facts() tells a pod, its namespace, its node and the configuration', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const annotations = { 'ipam.spidernet.io/ippool': '{"ipv4":["a"]}', foreign: 'y' };
  const pod = await newPod({ labels: { app: 'web' }, annotations });
  const facts = await cluster.facts(pod, { signal });
  assert.deepEqual(facts, {
    node: { name: 'node-1', labels: { zone: 'a' } },
    namespace: {
      name: 'web',
      labels: { team: 'web', 'kubernetes.io/metadata.name': 'web' },
      annotations: { 'ipam.spidernet.io/default-ipv4-ippool': '["a"]' },
    },
    pod: {
      name: pod.name,
      labels: { app: 'web' },
      annotations: { 'ipam.spidernet.io/ippool': '{"ipv4":["a"]}' },
    },
    catalog: cluster.catalog(),
    multus: { clusterNetwork: 'spiderpool/macvlan', agentNamespace: 'spiderpool' },
    subnetsEnabled: false,
  });
});

test('KubernetesCluster.facts() serves a call that names no pod by the configuration alone', async () => {
  await using followed = followCluster(kubeconfig);
  await followed.cluster.synced(signal);
  const { pod, namespace, uid, node } = await followed.cluster.facts({}, { signal });
  assert.deepEqual(
    { pod, namespace, uid, name: node.name },
    {
      pod: undefined,
      namespace: undefined,
      uid: undefined,
      name: 'node-1',
    },
  );
});

test('KubernetesCluster.facts() answers from its watch, and reads a pod that the watch has not shown, once for all NICs', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const known = await newPod();
  await until('the watch shows the pod', () => cluster.pod(known.namespace, known.name));
  await cluster.facts(known, { signal });
  assert.equal(countGets(new RegExp(`/pods/${known.name}$`)), 0);

  const delay = proxy.inject({ path: /\/pods\?.*watch=/, fault: { kind: 'status', status: 500 } });
  proxy.cutAll();
  const unseen = await newPod();
  const gets = new RegExp(`/pods/${unseen.name}$`);
  await Promise.all([1, 2, 3].map(() => cluster.facts(unseen, { signal })));
  await cluster.facts(unseen, { signal });
  assert.equal(countGets(gets), 1);
  assert.equal(cluster.podState(holderOf(unseen)), 'living');
  delay.remove();
});

test('KubernetesCluster.facts() reads a pod whose UID the runtime does not tell, and tells it', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const { namespace, name, uid } = await newPod();
  const facts = await cluster.facts({ namespace, name }, { signal });
  assert.equal(facts.uid, uid);
});

test('KubernetesCluster.facts() refuses with 108 what is no living pod of this node', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const refused = (pod: PodReference, message: RegExp): Promise<void> =>
    assert.rejects(cluster.facts(pod, { signal }), rejectsWith(CniCode.podNotAlive, message));

  const replaced = await newPod();
  await refused({ ...replaced, uid: 'former' }, new RegExp(`UID "former" is gone.* ${replaced.uid}`));
  await refused({ namespace: 'web', name: 'nobody', uid: 'u' }, /pod web\/nobody does not exist/);
  await refused({ namespace: 'nowhere', name: 'a', uid: 'u' }, /namespace nowhere does not exist/);
  await refused(await newPod({ node: 'node-2' }), /belongs to node node-2, this is node-1/);
  const terminating = await newPod();
  await deletePod(plane, terminating);
  await until('its end is heard of', () => cluster.podState(holderOf(terminating)) === 'ending');
  await refused(terminating, /is being deleted/);
  const finished = await newPod({ restartPolicy: 'Never' });
  await finishPod(plane, finished);
  await until('it is gone', () => cluster.podState(holderOf(finished)) === 'gone');
  await refused(finished, /has finished/);
  const evicted = await newPod();
  await finishPod(plane, evicted, { phase: 'Failed', reason: 'Evicted' });
  await until('it is gone', () => cluster.podState(holderOf(evicted)) === 'gone');
  await refused(evicted, /was evicted/);
});

test('KubernetesCluster.facts() knows a static pod by the hash of its configuration', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const mirror = await newPod({ annotations: { 'kubernetes.io/config.hash': 'static-uid' } });
  const facts = await cluster.facts({ ...mirror, uid: 'static-uid' }, { signal });
  assert.equal(facts.pod?.name, mirror.name);
  const holder = holderOf({ ...mirror, uid: 'static-uid' });
  assert.equal(cluster.podState(holder), 'living');
  assert.equal(await cluster.readPodState(holder), 'living');
});

test('KubernetesCluster.facts() answers 11 while the API server is away, except for pods that it knows', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const known = await newPod();
  const other = await newPod({ node: 'node-2' });
  await until('the watch shows the pod', () => cluster.pod(known.namespace, known.name));
  await proxy.refuse(true);
  try {
    assert.equal((await cluster.facts(known, { signal })).pod?.name, known.name);
    const away = rejectsWith(CniCode.tryAgainLater, /^pod web\/pod-\d+ can't be read from the API server: /);
    await Promise.all([
      assert.rejects(cluster.facts(other, { signal }), away),
      assert.rejects(cluster.readPodState(holderOf(known)), away),
    ]);
    await assert.rejects(
      cluster.facts({ ...known, uid: 'x' }, { signal: AbortSignal.abort(new Error('gave up')) }),
      /gave up/,
    );
  } finally {
    await proxy.refuse(false);
  }
});

test('KubernetesCluster.podState() tells a pod that ended in any way, and listeners hear of it', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const gone: string[] = [];
  cluster.onPodGone(({ uid }) => gone.push(uid));
  await cluster.synced(signal);
  const deleted = await newPod();
  const finished = await newPod({ restartPolicy: 'OnFailure' });
  const terminating = await newPod();
  const living = await newPod();
  const all = [deleted, finished, terminating, living];
  await until('the watch shows the pods', () =>
    all.every(({ namespace, name }) => cluster.pod(namespace, name)),
  );
  for (const pod of all) assert.equal(cluster.podState(holderOf(pod)), 'living');
  await deletePod(plane, deleted, { force: true });
  await finishPod(plane, finished);
  await deletePod(plane, terminating);
  await until('listeners hear of three', () =>
    [deleted, finished, terminating].every(({ uid }) => gone.includes(uid)),
  );
  for (const [pod, state] of [
    [deleted, 'gone'],
    [finished, 'gone'],
    [terminating, 'ending'],
  ] as const) {
    assert.equal(cluster.podState(holderOf(pod)), state);
    assert.equal(await cluster.readPodState(holderOf(pod)), state);
  }
  // Its containers have ended though it stays.
  await finishPod(plane, terminating);
  await until('its end is heard of', () => cluster.podState(holderOf(terminating)) === 'gone');
  assert.equal(await cluster.readPodState(holderOf(terminating)), 'gone');
  assert.equal(cluster.pod(finished.namespace, finished.name), undefined);
  assert.equal(cluster.podState(holderOf(living)), 'living');
  assert.equal(await cluster.readPodState(holderOf(living)), 'living');
  assert.ok(!gone.includes(living.uid));
});

test('KubernetesCluster.podState() tells the former pod of a name from the present one', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const former = await newPod();
  await until('the watch shows the pod', () => cluster.pod(former.namespace, former.name));
  await deletePod(plane, former, { force: true });
  const present = await newPod({ name: former.name });
  await until('the watch shows the other', () => cluster.pod('web', present.name)?.uid === present.uid);
  assert.equal(cluster.podState(holderOf(former)), 'gone');
  assert.equal(await cluster.readPodState(holderOf(former)), 'gone');
  assert.equal(cluster.podState(holderOf(present)), 'living');
  assert.equal(cluster.podState({ ...holderOf(present), uid: '' }), 'living');
  assert.equal(cluster.podState({ uid: 'c', sandbox: 'c', pod: { namespace: '', name: '' } }), 'unknown');
});

test('KubernetesCluster.podState() tells nothing of pods until the API server was heard', async () => {
  await using followed = followCluster(kubeconfig);
  const nobody = holderOf({ namespace: 'web', name: 'nobody', uid: 'u' });
  assert.equal(followed.cluster.podState(nobody), 'unheard');
  assert.match(followed.cluster.problems[0] ?? '', /not read from the API server yet: pods, /);
  await followed.cluster.synced(signal);
  assert.equal(followed.cluster.podState(nobody), 'gone');
  assert.deepEqual(followed.cluster.problems, []);
});

test('OwnPods.state() tells nothing of pods while the watch is silent', async () => {
  const stop = new AbortController();
  await using api = createKubeApi({ kubeconfig });
  const log = pino({ level: 'silent' });
  const pods = new OwnPods({ api, nodeName: 'node-1', log, silenceMaxMs: -1 });
  const running = pods.run(stop.signal);
  await pods.synced(signal);
  const nobody = holderOf({ namespace: 'web', name: 'nobody', uid: 'u' });
  assert.equal(pods.isCurrent, false);
  assert.equal(pods.state(nobody), 'unheard');
  assert.equal(await pods.readState(nobody), 'gone');
  stop.abort();
  await running;
});

test('KubernetesCluster.catalog() follows pools that are made, changed, disabled, broken and deleted', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await createPool(plane, 'first', spec);
  await cluster.synced(signal);
  assert.deepEqual([...cluster.catalog().byName.keys()], ['first']);

  await createPool(plane, 'second', { subnet: 'fd00:6::/64', ips: ['fd00:6::1-fd00:6::ffff:ffff:ffff'] });
  const second = await until('the second pool', () => cluster.catalog().byName.get('second'));
  const first = cluster.catalog().byName.get('first');
  assert.equal(second.pool.family, 6);

  await admin('PATCH', `${pools}/second`, { spec: { disable: true } });
  await until('it is disabled', () => cluster.catalog().byName.get('second')?.pool.disabled);
  assert.equal(cluster.catalog().byName.get('first'), first, 'an unchanged pool stays the same object');

  await admin('PATCH', `${pools}/second`, {
    metadata: { annotations: { 'ipam.spidernet.io/reuse-delay': '1h' } },
  });
  await until('its delay', () => cluster.catalog().byName.get('second')?.pool.reuseDelayMs === 3_600_000);

  await admin('PATCH', `${pools}/second`, { spec: { ips: ['10.6.0.1'] } });
  await until('the bad pool is not used', () => !cluster.catalog().byName.has('second'));
  assert.deepEqual(
    cluster.conditions('second').map(({ type }) => type),
    ['BadManifest'],
  );
  assert.match(cluster.problems[0] ?? '', /^SpiderIPPool second: spec\.ips\[0\]: /);

  await admin('PATCH', `${pools}/second`, {
    spec: { ips: ['fd00:6::5'] },
    metadata: { finalizers: ['example.org/wait'] },
  });
  await until('it is good again', () => cluster.catalog().byName.get('second')?.pool.addresses.size === 1n);
  assert.deepEqual(cluster.problems, []);
  await admin('DELETE', `${pools}/second`);
  await until('it is being deleted', () => cluster.catalog().byName.get('second')?.pool.deleting);
  assert.deepEqual(
    cluster.conditions('second').map(({ type }) => type),
    ['Deleting'],
  );
  await admin('PATCH', `${pools}/second`, { metadata: { finalizers: null } });
  await until('it is gone', () => !cluster.catalog().byName.has('second'));
  await admin('DELETE', `${pools}/first`);
  await until('all are gone', () => cluster.catalog().pools.length === 0);
});

test('KubernetesCluster.catalog() costs no reading when a pool’s status alone changes', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const name = unique('status');
  await createPool(plane, name, spec);
  await cluster.synced(signal);
  await until('the pool', () => cluster.catalog().byName.get(name));
  const before = countGets(/\/spiderippools\/?.*$/);
  for (let count = 1; count <= 20; count += 1) {
    await admin('PATCH', `${pools}/${name}/status`, { status: { allocatedIPCount: count } });
  }
  // Told after the changes of the status.
  await admin('PATCH', `${pools}/${name}`, { spec: { disable: true } });
  await until('the last change', () => cluster.catalog().byName.get(name)?.pool.disabled);
  assert.equal(countGets(/\/spiderippools\/?.*$/) - before, 1);
  await admin('DELETE', `${pools}/${name}`);
});

test('KubernetesCluster.conditions() tells of records of the original until they are imported, and of overlaps', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const [one, other] = [unique('records'), unique('overlap')];
  await createPool(plane, one, spec);
  await createPool(plane, other, spec);
  const allocatedIPs = '{"10.6.0.10":{"pod":"default/a","podUid":"u"}}';
  // As a text: no number holds it.
  const status = `{"allocatedIPs": ${JSON.stringify(allocatedIPs)}, "totalIPCount": 9223372036854775807}`;
  await admin('PATCH', `${pools}/${one}/status`, `{"status": ${status}}`);
  await cluster.synced(signal);
  const types = (name: string): string[] => cluster.conditions(name).map(({ type }) => type);
  assert.deepEqual(types(one), ['OriginalRecords', 'Overlap']);
  assert.deepEqual(types(other), ['Overlap']);
  await admin('PATCH', `${pools}/${one}`, {
    metadata: { annotations: { 'ipam.spidernet.io/ledger': 'blocks' } },
  });
  await until('they are imported', () => types(one).join() === 'Overlap');
  await admin('PATCH', `${pools}/${one}`, {
    metadata: { annotations: { 'ipam.spidernet.io/ledger': null } },
  });
  await until('they are not', () => types(one).join() === 'OriginalRecords,Overlap');
  // The last record goes with a change of the status alone.
  await admin('PATCH', `${pools}/${one}/status`, { status: { allocatedIPs: '{}' } });
  await until('nothing is left', () => types(one).join() === 'Overlap');
  await admin('DELETE', `${pools}/${one}`);
  await until('no overlap', () => types(other).length === 0);
  await admin('DELETE', `${pools}/${other}`);
});

test('KubernetesCluster.catalog() leaves out reserved addresses, the readable ones of a bad object too', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const [pool, reserved] = [unique('pool'), unique('reserved')];
  const object = {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderReservedIP',
    metadata: { name: reserved },
  };
  await createPool(plane, pool, spec);
  await admin('POST', reservedIps, { ...object, spec: { ips: ['10.6.0.10-10.6.0.12'] } });
  await cluster.synced(signal);
  const counts = () => {
    const entry = cluster.catalog().byName.get(pool);
    return entry && { reserved: entry.reserved, eligible: entry.range.eligible.size };
  };
  assert.deepEqual(counts(), { reserved: 3n, eligible: 8n });
  await admin('PATCH', `${reservedIps}/${reserved}`, { spec: { ips: ['10.6.0.10', 'nonsense'] } });
  await until('fewer are reserved', () => counts()?.reserved === 1n);
  assert.match(cluster.problems[0] ?? '', new RegExp(`^SpiderReservedIP ${reserved}: .*nonsense`));
  const address = parseAddress('10.6.0.10');
  assert.ok(
    address !== undefined && cluster.catalog().byName.get(pool)?.range.eligible.contains(address) === false,
  );
  await admin('DELETE', `${reservedIps}/${reserved}`);
  await until('none is reserved', () => counts()?.reserved === 0n);
  await admin('DELETE', `${pools}/${pool}`);
});

test('KubernetesCluster.catchUp() finds a pool before the watch tells of it, and one look serves all who ask', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const pool = unique('fresh');
  // The watch breaks and stays so. Tries of the pools' own watch are told from the looks, whenever they come.
  const fault = { kind: 'status', status: 500 } as const;
  const tries = proxy.inject({ path: /spiderippools\?.*(watch=true|limit=500)/, fault });
  const others = proxy.inject({ path: /watch=true|limit=500/, fault });
  proxy.cutAll();
  await until('the watch is broken', () => tries.hits > 0);
  await createPool(plane, pool, { subnet: '10.61.0.0/24', ips: ['10.61.0.1'] });
  const looks = (): number => countGets(/\/spiderippools/) - tries.hits;
  const before = looks();
  const found = await Promise.all([1, 2, 3].map(async () => cluster.catchUp({ signal })));
  assert.deepEqual(found, [true, true, true]);
  assert.ok(cluster.catalog().byName.has(pool));
  assert.equal(looks() - before, 2);
  // Who asks again and again is not looked for each time.
  for (let n = 0; n < 30; n++) assert.equal(await cluster.catchUp({ signal }), false);
  assert.ok(looks() - before < 20);
  // It goes again when the watch, by then, does not know it.
  await admin('DELETE', `${pools}/${pool}`);
  await until('it is forgotten', () => !cluster.catalog().byName.has(pool));
  tries.remove();
  others.remove();
});

test('KubernetesCluster reads many pools as pages of a list, and single changes one by one', async () => {
  const names = Array.from({ length: 90 }, () => unique('many'));
  await Promise.all(
    names.map((name, n) =>
      createPool(plane, name, { subnet: `10.${100 + n}.0.0/16`, ips: [`10.${100 + n}.0.1`] }),
    ),
  );
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const before = countGets(/\/spiderippools/);
  await cluster.synced(signal);
  assert.equal(cluster.catalog().pools.length, 90);
  // The metadata, its watch, and three pages.
  await until('the watch', () => countGets(/\/spiderippools/) - before >= 5);
  assert.equal(countGets(/\/spiderippools/) - before, 5);
  await Promise.all(names.map((name) => admin('DELETE', `${pools}/${name}`)));
  await until('all are gone', () => cluster.catalog().pools.length === 0);
});

test('KubernetesCluster sees what changed while pools could not be read, and while the API server was restarted', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const name = unique('late');
  const fault = proxy.inject({
    method: 'GET',
    path: new RegExp(`/spiderippools/${name}`),
    fault: { kind: 'status', status: 500 },
  });
  await createPool(plane, name, spec);
  await until('a reading fails', () => fault.hits > 0);
  fault.remove();
  await until('the pool is read', () => cluster.catalog().byName.get(name));

  const pod = await newPod();
  const ended = await newPod();
  await until(
    'the watch shows the pods',
    () => cluster.pod('web', pod.name) && cluster.pod('web', ended.name),
  );
  await plane.killApiServer();
  assert.equal(cluster.podState(holderOf(pod)), 'living');
  await plane.startApiServer();
  await deletePod(plane, ended, { force: true });
  await admin('PATCH', `${pools}/${name}`, { spec: { disable: true } });
  const born = await newPod();
  await until('everything is seen', () => {
    const isSeen =
      cluster.catalog().byName.get(name)?.pool.disabled && cluster.pod('web', born.name) !== undefined;
    return isSeen && cluster.podState(holderOf(ended)) === 'gone';
  });
  assert.equal(cluster.podState(holderOf(pod)), 'living');
  await admin('DELETE', `${pools}/${name}`);
});

test('KubernetesCluster.facts() reads a namespace that the watch has not shown', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  await cluster.synced(signal);
  const fault = proxy.inject({ path: /\/namespaces\?/, fault: { kind: 'status', status: 500 } });
  proxy.cutAll();
  const namespace = unique('late');
  await createNamespace(plane, namespace, { labels: { team: 'new' } });
  const pod = await newPod({ namespace });
  assert.equal((await cluster.facts(pod, { signal })).namespace?.labels?.['team'], 'new');
  fault.remove();
});

test('KubernetesCluster.isOwnerValid() follows the ordinals that a StatefulSet wants', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const set = await createStatefulSet(plane, { namespace: 'web', name: unique('set'), replicas: 2 });
  const isValid = (ordinal: number | string): Promise<boolean> =>
    cluster.isOwnerValid(
      { kind: 'StatefulSet', namespace: 'web', name: `${set.name}-${ordinal}` },
      { signal },
    );
  const gets = new RegExp(`/statefulsets/${set.name}$`);
  assert.deepEqual(await Promise.all([0, 1, 2, 'x'].map(isValid)), [true, true, false, false]);
  assert.equal(countGets(gets), 1);
  const path = `/apis/apps/v1/namespaces/web/statefulsets/${set.name}`;
  await admin('PATCH', path, { spec: { replicas: 1, ordinals: { start: 5 } } });
  await until('the set begins at 5', async () => !(await isValid(0)) && (await isValid(5)));
  assert.equal(await isValid(6), false);
  await admin('DELETE', path, { propagationPolicy: 'Background' });
  await until('the set is gone', async () => !(await isValid(5)));
});

test('KubernetesCluster.facts() names the owner of a static pod, where the configuration keeps its addresses', async () => {
  const controller = await createStatefulSet(plane, { namespace: 'web', name: unique('set'), replicas: 1 });
  const pod = await newPod({ name: `${controller.name}-0`, controller });
  const owner = { kind: 'StatefulSet', namespace: 'web', name: pod.name };
  for (const enableStatefulSet of [true, false]) {
    await using followed = followCluster(kubeconfig, { enableStatefulSet });
    await followed.cluster.synced(signal);
    const facts = await followed.cluster.facts(pod, { signal });
    assert.deepEqual(facts.owner, enableStatefulSet ? { ...owner, takeover: 'move' } : undefined);
    assert.equal(await followed.cluster.isOwnerValid(owner), enableStatefulSet);
  }
});

test('KubernetesCluster.isOwnerValid() follows a virtual machine and its instance, and a cluster without KubeVirt', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const names = ['vm', 'alone', 'none', 'going'].map(unique);
  const [vm = '', alone = '', none = '', going = ''] = names;
  const isValid = (name: string): Promise<boolean> =>
    cluster.isOwnerValid({ kind: 'VirtualMachineInstance', namespace: 'web', name }, { signal });
  assert.equal(await isValid(vm), false, 'without KubeVirt');
  await installKubevirt();
  const machines = '/apis/kubevirt.io/v1/namespaces/web/virtualmachines';
  const instances = '/apis/kubevirt.io/v1/namespaces/web/virtualmachineinstances';
  await until('they are served', async () => (await plane.adminRequest('GET', instances)).status === 200);
  await until('they are served', async () => (await plane.adminRequest('GET', machines)).status === 200);
  await admin('POST', machines, machineObject('VirtualMachine', vm));
  await admin(
    'POST',
    instances,
    machineObject('VirtualMachineInstance', alone, { finalizers: ['example.org/wait'] }),
  );
  await admin('POST', instances, machineObject('VirtualMachineInstance', going, ownedBy(vm)));
  await until('a machine that is stopped', () => isValid(vm));
  assert.deepEqual(await Promise.all([alone, none, going].map(isValid)), [true, false, true]);

  await admin('DELETE', `${instances}/${alone}`);
  await admin('DELETE', `${instances}/${going}`);
  await until('an instance of nobody is going', async () => !(await isValid(alone)));
  assert.equal(await isValid(going), true, 'its machine will start it again');
  await admin('DELETE', `${machines}/${vm}`);
  await until('its machine is gone', async () => !(await isValid(going)) && !(await isValid(vm)));
});

test('KubernetesCluster.isOwnerValid() frees nothing by a bare 404, an error or a kind that it does not know', async () => {
  await using followed = followCluster(kubeconfig);
  const { cluster } = followed;
  const valid = (kind: string): Promise<boolean> =>
    cluster.isOwnerValid({ kind, namespace: 'web', name: 'x-0' }, { signal: AbortSignal.timeout(60_000) });
  const bare = proxy.inject({
    path: /\/(statefulsets|virtualmachine|pods\/)/,
    fault: { kind: 'status', status: 404, body: '404 page not found' },
  });
  const away = rejectsWith(CniCode.tryAgainLater, /can't be read from the API server/);
  await assert.rejects(valid('StatefulSet'), away);
  await assert.rejects(valid('VirtualMachineInstance'), away);
  await assert.rejects(cluster.readPodState(holderOf({ namespace: 'web', name: 'x', uid: 'u' })), away);
  bare.remove();
  assert.equal(await valid('StatefulSet'), false);
  assert.equal(await valid('CloneSet'), true);
});

async function installKubevirt(): Promise<void> {
  const kinds = { virtualmachines: 'VirtualMachine', virtualmachineinstances: 'VirtualMachineInstance' };
  for (const [plural, kind] of Object.entries(kinds)) {
    await admin('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      metadata: { name: `${plural}.kubevirt.io` },
      spec: {
        group: 'kubevirt.io',
        scope: 'Namespaced',
        names: { plural, kind, singular: kind.toLowerCase() },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    });
  }
}

function machineObject(kind: string, name: string, metadata: object = {}): object {
  return { apiVersion: 'kubevirt.io/v1', kind, metadata: { name, ...metadata } };
}

/** Metadata of an instance of this machine, which stays while it is being deleted. */
function ownedBy(name: string): object {
  const machine = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', name, uid: 'u', controller: true };
  return { finalizers: ['example.org/wait'], ownerReferences: [machine] };
}
