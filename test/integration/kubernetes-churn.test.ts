import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ClusterWorld } from './harness/cluster-world.ts';

const nodes = ['node-a', 'node-b'];
const jobs = 500;
const addresses = 50;
/** More than the pool has, so that it is empty again and again. */
const atOncePerNode = 32;

const world = await ClusterWorld.create({ nodes });
after(() => world[Symbol.asyncDispose]());
await world.createPool('jobs', { subnet: '10.76.0.0/24', ips: [`10.76.0.1-10.76.0.${addresses}`] });
const ipam = { default_ipv4_ippool: ['jobs'] };

test(`${jobs} short Jobs through a pool of ${addresses} all get an address, and leave none behind`, async () => {
  const waiting = Array.from({ length: jobs }, (_, number) => number);
  const served = new Set<string>();
  const work = async (node: string): Promise<void> => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      const pod = await world.createPod(`job-${number}`, node, {
        spec: { restartPolicy: 'Never' },
        ownerReferences: [
          {
            apiVersion: 'batch/v1',
            kind: 'Job',
            name: `job-${number}`,
            uid: `job-uid-${number}`,
            controller: true,
          },
        ],
      });
      const { pod: running, addresses: given } = await world.addUntilServed(pod, ipam);
      for (const address of given) served.add(address);
      if (number % 2 === 0) {
        await world.endPod(running, ipam);
        continue;
      }
      // A Job's pod stays when it is finished; only its sandbox goes.
      await world.admin('PATCH', `/api/v1/namespaces/default/pods/${running.name}/status`, {
        status: { phase: 'Succeeded' },
      });
      await world.endSandbox(running);
      world.forget(running);
      // One in five never gets a DEL.
      if (number % 5 !== 0) assert.equal((await world.del(running, ipam)).status, 200);
    }
  };
  await Promise.all(nodes.flatMap((node) => Array.from({ length: atOncePerNode }, async () => work(node))));
  assert.ok(served.size <= addresses);
  await world.untilSettled();
  assert.deepEqual(await world.uses(), []);
});
