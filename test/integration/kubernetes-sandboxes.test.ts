import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { addressesOf, assertSilentSuccess } from './harness/answers.ts';
import { ClusterWorld } from './harness/cluster-world.ts';
import type { WorldPod } from './harness/runtime-truth.ts';
import { until } from './harness/until.ts';

const world = await ClusterWorld.create({ nodes: ['node-a', 'node-b'] });
after(() => world[Symbol.asyncDispose]());
await world.createPool('sandboxes', { subnet: '10.70.0.0/24', ips: ['10.70.0.10-10.70.0.200'] });
const ipam = { default_ipv4_ippool: ['sandboxes'] };

async function runPod(name: string, node = 'node-a'): Promise<{ pod: WorldPod; address: string }> {
  const pod = await world.createPod(name, node);
  const [address = ''] = addressesOf(await world.add(pod, ipam));
  return { pod, address };
}

async function isRecorded(address: string): Promise<boolean> {
  return (await world.uses()).some((use) => use.address === address);
}

/** Whether the record of an address says that its pod is outlived. */
async function outlives(address: string): Promise<boolean> {
  const { body } = await world.agent('node-a').request('GET', `/v1/allocations/${address}`);
  const { allocation } = body as { allocation?: { holders: readonly { outlivesPod?: true }[] } };
  return allocation?.holders[0]?.outlivesPod ?? false;
}

// Most of the time they wait: readings have to be 10 s apart.
suite('an agent on a cluster', { concurrency: true }, () => {
  test('keeps the address of a force-deleted pod whose containers still run, and frees it when they end', async () => {
    const { pod, address } = await runPod('forced');
    await world.removePod(pod);
    const other = await runPod('forced-witness');
    await world.endPod(other.pod, ipam);
    // The witness was freed by its DEL; what follows gives two sweeps their time.
    const sweeps = await untilSweeps(3);
    assert.ok(await isRecorded(address), `freed after ${sweeps} sweeps though its namespace is there`);
    await until('the record tells of it', async () => outlives(address), 180_000);
    const { text } = await world
      .agent('node-a')
      .request('GET', `/v1/allocations/${address}`, undefined, { headers: { accept: 'text/plain' } });
    assert.match(text, /pod is gone, but its network namespace still exists on node node-a/);
    await world.endSandbox(pod);
    world.forget(pod);
    await until('the address is free', async () => !(await isRecorded(address)), 180_000);
  });

  test('marks the record of a pod that does not end in its time, until its new sandbox or its end', async () => {
    const { pod, address } = await runPod('stuck');
    const patient = await runPod('patient');
    await world.admin('DELETE', '/api/v1/namespaces/default/pods/stuck', { gracePeriodSeconds: 5 });
    await world.admin('DELETE', '/api/v1/namespaces/default/pods/patient', { gracePeriodSeconds: 3_600 });
    await until('the record tells of it', async () => outlives(address), 180_000);
    assert.equal(await outlives(patient.address), false);
    for (const { pod: ended } of [{ pod }, patient]) await world.endPod(ended, ipam);
    assert.ok(!(await isRecorded(address)));
  });

  test('knows a static pod by the UID under which the kubelet runs it', async () => {
    const configHash = '0123456789abcdef0123456789abcdef';
    const mirror = await world.createPod('static-a', 'node-a', {
      annotations: {
        'kubernetes.io/config.hash': configHash,
        'kubernetes.io/config.mirror': configHash,
        'kubernetes.io/config.source': 'file',
      },
    });
    const pod = { ...mirror, uid: configHash };
    const [address = ''] = addressesOf(await world.add(pod, ipam));
    await untilSweeps(3);
    assert.ok(await isRecorded(address));
    await world.endPod(pod, ipam);
    assert.ok(!(await isRecorded(address)));
  });

  test('gives a second sandbox of a pod the same address, and lets no DEL of the first take it', async () => {
    const { pod, address } = await runPod('twice');
    assertSilentSuccess(await world.del(pod, ipam));
    assert.ok(await isRecorded(address), 'the pod lives, so its address stays');
    const again = await world.newSandbox(pod);
    assert.deepEqual(addressesOf(await world.add(again, ipam)), [address]);
    for (let times = 0; times < 2; times++) assertSilentSuccess(await world.del(pod, ipam));
    const uses = (await world.uses()).filter((use) => use.address === address);
    assert.deepEqual(
      uses.map(({ sandbox }) => sandbox),
      [again.sandbox],
    );
    await world.endPod(again, ipam);
  });

  test('frees a pod’s address at its DEL, once, however often it is sent', async () => {
    const { pod, address } = await runPod('late');
    await world.removePod(pod);
    await world.endSandbox(pod);
    assertSilentSuccess(await world.del(pod, ipam));
    world.forget(pod);
    assert.ok(!(await isRecorded(address)));
    const next = await runPod('late-next');
    assertSilentSuccess(await world.del(pod, ipam));
    assert.ok(await isRecorded(next.address));
    await world.endPod(next.pod, ipam);
  });

  test('frees the former pod of a name at its DEL while the new one lives', async () => {
    const former = await runPod('same-name');
    await world.removePod(former.pod);
    const current = await runPod('same-name');
    assert.notEqual(current.address, former.address);
    await world.endSandbox(former.pod);
    assertSilentSuccess(await world.del(former.pod, ipam));
    world.forget(former.pod);
    assert.ok(!(await isRecorded(former.address)));
    assert.ok(await isRecorded(current.address));
    await world.endPod(current.pod, ipam);
  });

  test('changes nothing at a DEL for a pod of another node', async () => {
    const { pod, address } = await runPod('elsewhere', 'node-b');
    await world.removePod(pod);
    assertSilentSuccess(await world.del({ ...pod, node: 'node-a' }, ipam));
    assert.ok(await isRecorded(address));
    await world.endSandbox(pod);
    assertSilentSuccess(await world.del(pod, ipam));
    world.forget(pod);
    assert.ok(!(await isRecorded(address)));
  });

  test('refuses an ADD for a pod that is gone, finished, of another node or of another UID', async () => {
    const gone = await world.createPod('gone', 'node-a');
    await world.removePod(gone);
    const finished = await world.createPod('finished', 'node-a', { spec: { restartPolicy: 'Never' } });
    await world.admin('PATCH', '/api/v1/namespaces/default/pods/finished/status', {
      status: { phase: 'Succeeded' },
    });
    const elsewhere = await world.createPod('of-b', 'node-b');
    const stranger = { ...(await world.createPod('stranger', 'node-a')), uid: 'another' };
    for (const pod of [gone, finished, { ...elsewhere, node: 'node-a' }, stranger]) {
      const answer = await world.add(pod, ipam);
      assert.equal((answer.body as { code: number }).code, 108, answer.text);
    }
  });

  test('frees what a deleted namespace leaves behind', async () => {
    await world.admin('POST', '/api/v1/namespaces', { metadata: { name: 'passing' } });
    const pods: WorldPod[] = [];
    for (let number = 0; number < 5; number++) {
      const pod = await world.createPod(`p-${number}`, 'node-a', { namespace: 'passing' });
      await world.addUntilServed(pod, ipam);
      pods.push(pod);
    }
    const attached = (await world.uses()).filter(({ pod }) => pod.startsWith('passing/'));
    assert.equal(attached.length, pods.length);
    await world.admin('DELETE', '/api/v1/namespaces/passing');
    // Nothing here deletes a namespace's pods, as the namespace controller does; no DEL ever comes.
    for (const pod of pods) {
      await world.removePod(pod);
      await world.endSandbox(pod);
      world.forget(pod);
    }
    await until(
      'the namespace’s addresses are free',
      async () => (await world.uses()).every(({ pod }) => !pod.startsWith('passing/')),
      180_000,
    );
  });
});

test('in the end the records say what runs, and nothing else', async () => {
  await world.untilSettled();
});

/** Waits until the agent of node-a has swept so many times more, so that what a sweep may free is freed. */
async function untilSweeps(count: number): Promise<number> {
  for (let pass = 0; pass < count; pass++) {
    const answer = await world.agent('node-a').request('POST', '/v1/gc');
    assert.equal(answer.status, 200, answer.text);
    // Two readings count only when they are 10 s apart.
    await new Promise((resolve) => setTimeout(resolve, 10_500));
  }
  return count;
}
