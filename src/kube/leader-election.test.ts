import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { pino } from 'pino';
import { until } from '../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../test/support/fault-proxy.ts';
import { createKubeApi } from './create-kube-api.ts';
import type { KubeApi } from './kube-api.ts';
import { LeaderElection, type LeaderElectionOptions, LeaseLostError } from './leader-election.ts';
import { microTime, parseLease } from './lease.ts';
import { writeTestConfig } from './testing/test-config.ts';

const log = pino({ level: 'silent' });
/** Short, so that tests end; no test depends on how short. */
const times = { leaseMs: 1_000, renewDeadlineMs: 700, retryMs: 100 };

/** A candidate, and what it has seen of itself. */
interface Candidate {
  readonly election: LeaderElection;
  readonly ended: Promise<unknown>;
  readonly stop: () => void;
  /** Whether its work goes on right now. */
  readonly leads: () => boolean;
}

let plane: ControlPlane;
let proxy: FaultProxy;
let direct: KubeApi;
let proxied: KubeApi;
let namespaces = 0;
let namespace: string;
/** How many lead at this moment, and the most that ever did. */
let leaders: { now: number; most: number };
let candidates: Candidate[];

before(async () => {
  plane = await startControlPlane({ crds: false });
});
after(async () => plane[Symbol.asyncDispose]());
beforeEach(async () => {
  namespaces += 1;
  namespace = `election-${namespaces}`;
  await plane.ensure('/api/v1/namespaces', { metadata: { name: namespace } });
  proxy = await startFaultProxy(plane);
  direct = createKubeApi({ kubeconfig: plane.adminKubeconfig });
  proxied = createKubeApi({ kubeconfig: await writeTestConfig(plane, { server: proxy.url }) });
  leaders = { now: 0, most: 0 };
  candidates = [];
});
afterEach(async () => {
  for (const { ended, stop } of candidates) {
    stop();
    await ended;
  }
  await direct[Symbol.asyncDispose]();
  await proxied[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const leasePath = (): string => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/test`;

function candidate(identity: string, api = direct, options: Partial<LeaderElectionOptions> = {}): Candidate {
  const election = new LeaderElection({ api, log, namespace, name: 'test', identity, ...times, ...options });
  const ending = new AbortController();
  let leads = false;
  const ended = election
    .run(ending.signal, async (signal) => {
      leads = true;
      leaders.now += 1;
      leaders.most = Math.max(leaders.most, leaders.now);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      leads = false;
      leaders.now -= 1;
    })
    .catch((error: unknown) => error);
  const made = { election, ended, stop: () => ending.abort(), leads: () => leads };
  candidates.push(made);
  return made;
}

test('LeaderElection lets one of many candidates lead, and the next one when that has stopped', async () => {
  const all = ['a', 'b', 'c', 'd'].map((identity) => candidate(identity));
  const order: Candidate[] = [];
  while (order.length < all.length) {
    await until('somebody leads', () => Promise.resolve(all.some(({ leads }) => leads())));
    const leader = all.find(({ leads }) => leads()) ?? assert.fail();
    assert.equal(leader.election.isLeader, true);
    order.push(leader);
    leader.stop();
    assert.equal(await leader.ended, undefined);
    assert.equal(leader.election.isLeader, false);
  }
  assert.equal(new Set(order).size, 4);
  assert.equal(leaders.most, 1);
  const { body } = await plane.adminRequest('GET', leasePath());
  assert.equal(parseLease(body).holder, '', 'the last one has given the lease back');
  assert.equal(parseLease(body).transitions, 3);
});

test('LeaderElection ends the work of a leader that can not renew before another begins', async () => {
  const first = candidate('first', proxied);
  await until('the first leads', () => Promise.resolve(first.leads()));
  const second = candidate('second');
  proxy.inject({ path: /leases/, fault: { kind: 'cut-before' } });
  await until('the second leads', () => Promise.resolve(second.leads()));
  assert.equal(leaders.most, 1);
  assert.ok((await first.ended) instanceof LeaseLostError);
  assert.equal(first.election.isLeader, false);
  assert.equal(second.election.leader, 'second');
});

test('LeaderElection survives lost answers and refused writes for less than its deadline', async () => {
  const first = candidate('first', proxied, { leaseMs: 60_000, renewDeadlineMs: 50_000, retryMs: 50 });
  await until('the first leads', () => Promise.resolve(first.leads()));
  for (const fault of [
    { kind: 'cut-after' } as const,
    { kind: 'cut-before' } as const,
    { kind: 'status', status: 500 } as const,
  ]) {
    const injected = proxy.inject({ path: /leases/, times: 3, fault });
    await until(`${fault.kind} has struck`, () => Promise.resolve(injected.hits === 3));
  }
  const earlier = parseLease((await plane.adminRequest('GET', leasePath())).body).renewTime;
  await until('it renews again', async () => {
    const { body } = await plane.adminRequest('GET', leasePath());
    return parseLease(body).renewTime !== earlier;
  });
  assert.equal(first.leads(), true);
});

test('LeaderElection steps back when somebody else took the lease', async () => {
  const first = candidate('first');
  await until('the first leads', () => Promise.resolve(first.leads()));
  await plane.adminRequest('PATCH', leasePath(), { spec: { holderIdentity: 'usurper' } });
  assert.ok((await first.ended) instanceof LeaseLostError);
});

test('LeaderElection keeps annotations that others leave, tells the leader of them, and writes its own', async () => {
  const seen: (string | undefined)[] = [];
  const first = candidate('first', direct, {
    onRenewed: ({ annotations }) => seen.push(annotations['example.org/word']),
  });
  await until('the first leads', () => Promise.resolve(first.leads()));
  await plane.adminRequest('PATCH', leasePath(), {
    metadata: { annotations: { 'example.org/word': 'hello' } },
  });
  await until('the leader was told', () => Promise.resolve(seen.includes('hello')));
  first.election.annotate('example.org/answer', 'well');
  await until('the answer stands', async () => {
    const { annotations } = parseLease((await plane.adminRequest('GET', leasePath())).body);
    return annotations['example.org/answer'] === 'well' && annotations['example.org/word'] === 'hello';
  });
  assert.equal(first.leads(), true, 'a write beside its own costs nobody the lease');
});

test('LeaderElection does not take what others write on the lease for a sign of life of its holder', async () => {
  await plane.adminRequest('POST', leasePath().replace('/test', ''), {
    metadata: { name: 'test' },
    spec: { holderIdentity: 'dead', leaseDurationSeconds: 1, renewTime: microTime(Date.now() + 3_600_000) },
  });
  const heir = candidate('heir');
  let writes = 0;
  while (!heir.leads()) {
    writes += 1;
    await plane.adminRequest('PATCH', leasePath(), { metadata: { annotations: { count: String(writes) } } });
    await sleep(50);
    assert.ok(writes < 2_000, 'the heir never led');
  }
});

test('LeaderElection stops waiting when it is told to, also while the API server is away', async () => {
  proxy.inject({ path: /leases/, fault: { kind: 'cut-before' } });
  const waiting = candidate('waiting', proxied);
  await sleep(200);
  waiting.stop();
  assert.equal(await waiting.ended, undefined);
});

test('LeaderElection ends with the error of the work, and gives the lease back', async () => {
  const election = new LeaderElection({
    api: direct,
    log,
    namespace,
    name: 'test',
    identity: 'failing',
    ...times,
  });
  const ended = election.run(new AbortController().signal, async () => {
    throw new Error('work failed');
  });
  await assert.rejects(ended, /work failed/);
  assert.equal(parseLease((await plane.adminRequest('GET', leasePath())).body).holder, '');
});

test('parseLease() never throws, and microTime() is what Kubernetes prints', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const lease = parseLease(value);
      assert.equal(typeof lease.holder, 'string');
    }),
  );
  assert.equal(microTime(0), '1970-01-01T00:00:00.000000Z');
});
