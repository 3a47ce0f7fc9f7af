import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';

const nodes = ['node-a', 'node-b'];
const world = await ClusterWorld.create({
  nodes,
  throughProxy: true,
  shiftsClocks: true,
});
after(() => world[Symbol.asyncDispose]());
await world.createPool('outage', { subnet: '10.78.0.0/22', ips: ['10.78.0.1-10.78.3.200'] });
const ipam = { default_ipv4_ippool: ['outage'] };
let numbers = 0;

/** Pods come and go on both nodes while something happens; every third one stays. */
async function duringTraffic(pods: number, happens: () => Promise<void>): Promise<void> {
  const first = numbers;
  numbers += pods;
  // The API server makes the pods, so they exist before it is taken away.
  const made: WorldPod[] = [];
  for (let n = first; n < first + pods; n++) {
    made.push(await world.createPod(`pod-${n}`, nodes[n % nodes.length] ?? ''));
  }
  const waiting = [...made.entries()];
  const ended: WorldPod[] = [];
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      const [n, pod] = entry;
      const { pod: running } = await world.addUntilServed(pod, ipam);
      if (n % 3 !== 0) ended.push(running);
      await sleep(20);
    }
  };
  const traffic = Promise.all(Array.from({ length: 6 }, work));
  await sleep(300);
  await happens();
  await traffic;
  await Promise.all(ended.map(async (pod) => world.endPod(pod, ipam)));
}

test('an API server that is killed and started again costs nothing but time', async () => {
  await duringTraffic(60, async () => {
    await world.plane.killApiServer();
    await sleep(5_000);
    await world.plane.startApiServer();
  });
  await world.untilSettled();
});

test('DELs while the API server is away are done when it is back', async () => {
  const pods = [];
  for (let n = 0; n < 6; n++) {
    const pod = await world.createPod(`away-${n}`, nodes[n % 2] ?? '');
    pods.push((await world.addUntilServed(pod, ipam)).pod);
  }
  for (const pod of pods) await world.removePod(pod);
  await world.plane.killApiServer();
  for (const pod of pods) {
    await world.endSandbox(pod);
    assert.equal((await world.del(pod, ipam)).status, 200);
    world.forget(pod);
  }
  await world.plane.startApiServer();
  await world.untilSettled();
});

test('SIGTERM while the API server is away ends an agent soon, and its work is done after the next start', async () => {
  const agent = world.agent('node-a');
  const pods = [];
  for (let n = 0; n < 6; n++) {
    const pod = await world.createPod(`ending-${n}`, 'node-a');
    pods.push((await world.addUntilServed(pod, ipam)).pod);
  }
  const waiting = await world.createPod('ending-late', 'node-a');
  for (const pod of pods) {
    await world.removePod(pod);
    await world.endSandbox(pod);
    world.forget(pod);
  }
  await world.plane.killApiServer();
  const [first, ...others] = pods;
  assert.ok(first);
  // From here on a tombstone is played back again and again.
  assert.equal((await world.del(first, ipam)).status, 200);
  const requests = [world.add(waiting, ipam), ...others.map(async (pod) => world.del(pod, ipam))];
  const answers = Promise.allSettled(requests);
  await until('DELs take long', () => agent.log.split('left a tombstone').length > pods.length);
  await sleep(5_000);
  const { exitCode } = await agent.stop();
  // Not killed: what stops an agent waits for 20 s.
  assert.equal(exitCode, 0);
  await answers;
  await world.plane.startApiServer();
  await agent.start();
  await world.untilReady('node-a');
  await world.untilSettled();
});

test('an etcd that stands still for 10 s costs nothing but time', async () => {
  await duringTraffic(60, async () => {
    world.plane.pauseEtcd();
    try {
      await sleep(10_000);
    } finally {
      world.plane.resumeEtcd();
    }
  });
  await world.untilSettled();
});

test('connections and watches that are cut again and again cost nothing but time', async () => {
  await duringTraffic(60, async () => {
    for (let cut = 0; cut < 10; cut++) {
      world.proxy.cutAll();
      await sleep(200);
    }
  });
  const pool = await world.createPod('seen-after-cut', 'node-a');
  await world.changePool('outage', { disable: true });
  assert.equal((await world.add(pool, ipam)).status === 200, false);
  await world.changePool('outage', { disable: false });
  const { pod } = await world.addUntilServed(pool, ipam);
  await world.endPod(pod, ipam);
  await world.untilSettled();
});

test('refusals, 429 and 5xx of the API server cost nothing but time', async () => {
  const blocks = /\/spideripblocks/;
  const faults = [
    { status: 429, headers: { 'retry-after': '1' } },
    { status: 500 },
    { status: 503 },
    { status: 504 },
    { status: 409 },
  ];
  const rules = faults.map(({ status, headers }) =>
    world.proxy.inject({
      path: blocks,
      times: 4,
      fault: { kind: 'status', status, ...(headers && { headers }) },
    }),
  );
  await duringTraffic(40, async () => {
    await until('the faults were met', () => rules.every(({ hits }) => hits > 0), 120_000);
  });
  for (const rule of rules) rule.remove();
  await world.untilSettled();
});

test('a token that has expired is read anew', async () => {
  await world.renewToken(1);
  // It is read again within a minute, and expires; then the new one is found.
  for (const node of nodes) {
    const agent = world.agent(node);
    await agent.kill('SIGKILL');
    const started = agent.start();
    await sleep(2_000);
    await world.renewToken();
    await started;
    await world.untilReady(node);
  }
  await duringTraffic(12, async () => undefined);
  await world.untilSettled();
});

test('clocks that jump by an hour free nothing that lives and keep nothing that is gone', async () => {
  await duringTraffic(30, async () => {
    for (let jump = 0; jump < 4; jump++) {
      for (const node of nodes.slice(0, 1 + (jump % 2))) {
        world.shiftClock(node);
      }
      await sleep(1_000);
    }
  });
  await world.untilSettled();
});
