import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { allowDeletionOfRecords } from '../support/deploy-files.ts';
import { addressesOf } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';

const api = '/apis/spiderpool.spidernet.io/v2beta1';
const world = await ClusterWorld.create({ nodes: ['node-a', 'node-b'] });
after(() => world[Symbol.asyncDispose]());

function from(...pools: readonly string[]): { readonly default_ipv4_ippool: readonly string[] } {
  return { default_ipv4_ippool: pools };
}

async function runPod(
  name: string,
  pool: string,
  node = 'node-a',
): Promise<{ readonly pod: WorldPod; readonly address: string }> {
  const pod = await world.createPod(name, node);
  const answer = await world.add(pod, from(pool));
  return { pod, address: addressesOf(answer)[0] ?? '' };
}

function codeOf(answer: { readonly body: unknown }): number {
  return (answer.body as { readonly code: number }).code;
}

test('two pools that overlap behind admission’s back give no address twice', async () => {
  await world.createPool('left', { subnet: '10.71.0.0/24', ips: ['10.71.0.1-10.71.0.8'] });
  await world.createPool('right', { subnet: '10.71.0.0/16', ips: ['10.71.0.1-10.71.0.8'] });
  const pods = await Promise.all(
    Array.from({ length: 8 }, async (_, n) =>
      runPod(`overlap-${n}`, n % 2 === 0 ? 'left' : 'right', n % 3 === 0 ? 'node-a' : 'node-b'),
    ),
  );
  assert.equal(new Set(pods.map(({ address }) => address)).size, 8);
  const beyond = await world.createPod('overlap-9', 'node-a');
  const refused = await world.add(beyond, from('left', 'right'));
  assert.equal(codeOf(refused), 103, refused.text);
  await world.removePod(beyond);
  for (const { pod } of pods) await world.endPod(pod);
});

test('a pool that was made a moment before its first pod is known to the first ADD', async () => {
  for (let n = 0; n < 5; n++) {
    const name = `moment-${n}`;
    const pod = await world.createPod(name, 'node-a');
    const made = { apiVersion: 'spiderpool.spidernet.io/v2beta1', kind: 'SpiderIPPool', metadata: { name } };
    const spec = { subnet: `10.99.${n}.0/24`, ips: [`10.99.${n}.1`] };
    await world.admin('POST', '/apis/spiderpool.spidernet.io/v2beta1/spiderippools', { ...made, spec });
    const answer = await world.add(pod, { default_ipv4_ippool: [name] });
    assert.equal(answer.status, 200, answer.text);
    await world.endPod(pod);
  }
});

test('a disabled pool keeps what it gave and gives nothing new', async () => {
  await world.createPool('switch', { subnet: '10.72.0.0/24', ips: ['10.72.0.1-10.72.0.8'] });
  const { pod, address } = await runPod('switch-0', 'switch');
  await world.changePool('switch', { disable: true });
  const late = await world.createPod('switch-1', 'node-a');
  const refused = await world.add(late, from('switch'));
  assert.equal(codeOf(refused), 102, refused.text);
  const again = await world.newSandbox(pod);
  assert.deepEqual(addressesOf(await world.add(again, from('switch'))), [address]);
  await world.endPod(again);
  await world.changePool('switch', { disable: false });
  const { pod: served } = await world.addUntilServed(late, from('switch'));
  await world.endPod(served);
});

test('a pool that shrinks under its records keeps them and gives only what is left', async () => {
  await world.createPool('shrink', { subnet: '10.73.0.0/24', ips: ['10.73.0.1-10.73.0.4'] });
  const pods = [];
  for (let n = 0; n < 4; n++) pods.push(await runPod(`shrink-${n}`, 'shrink'));
  await world.changePool('shrink', { ips: ['10.73.0.1-10.73.0.2'] });
  await world.untilPool('shrink', ({ total }) => total === 2);
  const outside = pods.find(({ address }) => address === '10.73.0.4');
  assert.ok(outside);
  const again = await world.newSandbox(outside.pod);
  assert.deepEqual(addressesOf(await world.add(again, from('shrink'))), ['10.73.0.4']);
  await world.endPod(again);
  const late = await world.createPod('shrink-late', 'node-b');
  const refused = await world.add(late, from('shrink'));
  assert.equal(codeOf(refused), 103, refused.text);
  await world.removePod(late);
  for (const one of pods) if (one !== outside) await world.endPod(one.pod);
});

test('a pool that is deleted while it is in use frees at each DEL', async () => {
  await world.createPool('leave', { subnet: '10.74.0.0/24', ips: ['10.74.0.1-10.74.0.4'] });
  const { pod } = await runPod('leave-0', 'leave');
  await world.admin('DELETE', `${api}/spiderippools/leave`);
  await until('the agent has forgotten the pool', async () => {
    const { body } = await world.agent('node-a').request('GET', '/v1/pools');
    return !JSON.stringify(body).includes('"leave"');
  });
  const late = await world.createPod('leave-1', 'node-a');
  assert.equal(codeOf(await world.add(late, from('leave'))), 101);
  await world.removePod(late);
  await world.endPod(pod);
  assert.ok((await world.uses()).every((use) => use.pool !== 'leave'));
});

test('blocks that are deleted by hand are put back for the pods that run', async () => {
  await world.createPool('wiped', { subnet: '10.75.0.0/24', ips: ['10.75.0.1-10.75.0.100'] });
  const pods = [];
  for (let n = 0; n < 10; n++) pods.push(await runPod(`wiped-${n}`, 'wiped'));
  await assert.rejects(world.admin('DELETE', `${api}/spideripblocks`), /spiderpool-keep-records/);
  await allowDeletionOfRecords(world.plane);
  await world.admin('DELETE', `${api}/spideripblocks`);
  assert.equal((await world.uses()).length, 0);
  // Its own pods that start before the blocks are back must not get an address that runs here.
  const meanwhile = [];
  for (let n = 10; n < 15; n++) {
    const pod = await world.createPod(`wiped-${n}`, 'node-a');
    meanwhile.push((await world.addUntilServed(pod, from('wiped'))).pod);
  }
  await world.untilSettled();
  for (const pod of [...pods.map((one) => one.pod), ...meanwhile]) await world.endPod(pod);
});

test('in the end nothing is recorded', async () => {
  await world.untilSettled();
  assert.deepEqual(await world.uses(), []);
});
