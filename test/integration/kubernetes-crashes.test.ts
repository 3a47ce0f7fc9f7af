import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import { until } from './harness/until.ts';

const api = '/apis/spiderpool.spidernet.io/v2beta1';
const blocks = /\/spideripblocks/;
const world = await ClusterWorld.create({ nodes: ['node-a'], throughProxy: true });
after(() => world[Symbol.asyncDispose]());
await world.createPool('crash', { subnet: '10.77.0.0/24', ips: ['10.77.0.1-10.77.0.60'] });
const ipam = { default_ipv4_ippool: ['crash'] };
const agent = world.agent('node-a');

async function restart(): Promise<void> {
  await agent.start();
  await world.untilReady('node-a');
}

test('a claim that was committed before kill -9 and never answered serves the retry', async () => {
  const pods = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => world.createPod(`claim-${n}`, 'node-a')),
  );
  // Committed, and nobody hears of it.
  const rule = world.proxy.inject({ path: blocks, method: 'PATCH', fault: { kind: 'cut-after' } });
  const created = world.proxy.inject({ path: blocks, method: 'POST', fault: { kind: 'cut-after' } });
  const asked = pods.map(async (pod) => world.addUntilServed(pod, ipam));
  await until('a claim was committed', () => rule.hits + created.hits > 0);
  await agent.kill('SIGKILL');
  rule.remove();
  created.remove();
  await restart();
  const served = await Promise.all(asked);
  assert.equal(new Set(served.flatMap(({ addresses }) => addresses)).size, pods.length);
  await world.untilSettled();
});

test('kill -9 at any moment of a stream of ADDs and DELs loses no address and gives none twice', async () => {
  const pods = Array.from({ length: 24 }, (_, n) => n);
  const work = pods.map(async (n) => {
    const pod = await world.createPod(`stream-${n}`, 'node-a');
    const { pod: running } = await world.addUntilServed(pod, ipam);
    if (n % 3 !== 0) return;
    await world.removePod(running);
    await world.endSandbox(running);
    world.forget(running);
    // The plugin leaves a tombstone when the agent is away; here the DEL is lost altogether.
    await world.del(running, ipam).catch(() => undefined);
  });
  for (let crash = 0; crash < 3; crash++) {
    await until('some are served', async () => (await world.uses()).length > crash * 4);
    await agent.kill('SIGKILL');
    await restart();
  }
  await Promise.all(work);
  await world.untilSettled();
});

test('an endpoint that kill -9 prevented is written after the restart, and one that was forged is repaired', async () => {
  const pod = await world.createPod('endpoint', 'node-a');
  const [address = ''] = addressesOf(await world.add(pod, ipam));
  await agent.kill('SIGKILL');
  await restart();
  const path = `${api}/namespaces/default/spiderendpoints/endpoint`;
  const shows = async (): Promise<boolean> => {
    const { status, text } = await world.plane.adminRequest('GET', path);
    return status === 200 && text.includes(`"${address}/24"`) && text.includes(pod.uid);
  };
  await until('the endpoint shows the address', shows, 120_000);
  await world.admin('PATCH', path, {
    status: { current: { uid: 'forged', node: 'node-a', ips: [{ interface: 'eth0', ipv4: '10.9.9.9/24' }] } },
  });
  await until('the forged endpoint is repaired', shows, 120_000);
  await world.admin('DELETE', path);
  await until('the deleted endpoint is back', shows, 120_000);
  await world.endPod(pod, ipam);
});

test('a patch that commits long after its connection was cut gives nobody a second address', async () => {
  const pods = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => world.createPod(`late-${n}`, 'node-a')),
  );
  const rule = world.proxy.inject({
    path: blocks,
    method: 'PATCH',
    times: 2,
    fault: { kind: 'commit-late', delayMs: 4_000 },
  });
  const served = await Promise.all(pods.map(async (pod) => world.addUntilServed(pod, ipam)));
  assert.ok(rule.hits > 0);
  assert.equal(new Set(served.flatMap(({ addresses }) => addresses)).size, pods.length);
  await until('the late patches have arrived', () => rule.completed === rule.hits, 60_000);
  await world.untilSettled();
});

test('a patch that commits after kill -9 and the restart is found again', async () => {
  const pod = await world.createPod('after-restart', 'node-a');
  const rule = world.proxy.inject({
    path: blocks,
    method: 'PATCH',
    times: 1,
    fault: { kind: 'commit-late', delayMs: 8_000 },
  });
  const asked = world.addUntilServed(pod, ipam);
  await until('the claim is on its way', () => rule.hits === 1);
  await agent.kill('SIGKILL');
  await restart();
  await asked;
  await until('the late patch has arrived', () => rule.completed === 1, 60_000);
  await world.untilSettled();
});
