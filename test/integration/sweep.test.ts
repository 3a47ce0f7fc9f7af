import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, suite, test } from 'node:test';
import { addressOf, assertSilentSuccess } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { podArgs, startSandboxNode } from './harness/node.ts';
import { until } from './harness/until.ts';

const pools = [poolManifest('sweep', { subnet: '10.99.0.0/24', ips: ['10.99.0.10-10.99.0.99'] })];
const ipam = { default_ipv4_ippool: ['sweep'] };

const node = await startSandboxNode({ pools });
after(() => node[Symbol.asyncDispose]());

interface Pass {
  readonly examined: number;
  readonly suspected: number;
  readonly freed: readonly string[];
}

async function pass(): Promise<Pass> {
  const response = await node.agent.request('POST', '/v1/gc');
  assert.equal(response.status, 200, response.text);
  return response.body as Pass;
}

async function isRecorded(address: string): Promise<boolean> {
  return (await node.allocations()).some((one) => one.address === address);
}

async function untilFreed(address: string): Promise<void> {
  await until(`${address} is free`, async () => {
    await pass();
    return !(await isRecorded(address));
  });
}

async function addPod(name: string) {
  const netns = await node.sandbox.createNetworkNamespace(name);
  const call = { containerId: name, netns: netns.path, args: podArgs(name), ipam };
  return { netns, call, address: addressOf(await node.plugin('ADD', call)) };
}

// Two readings have to be 10 s apart: the tests wait side by side.
suite('the sweep', { concurrency: true }, () => {
  test('frees a record whose namespace is gone, not at the first reading, and leaves the living alone', async () => {
    const [dead, living] = [await addPod('dead'), await addPod('living')];
    await dead.netns.delete();
    const { suspected } = await pass();
    assert.ok(suspected >= 1);
    assert.ok(await isRecorded(dead.address));
    await untilFreed(dead.address);
    assert.ok(await isRecorded(living.address));
    const who = await node.agent.request('GET', `/v1/allocations/${dead.address}`);
    assert.match(who.text, /"last":.*default\/dead/);
    assertSilentSuccess(await node.plugin('DEL', dead.call));
  });

  test('never frees a record whose namespace the agent could not see', async () => {
    const call = {
      containerId: 'invisible',
      netns: '/run/netns/on-another-mount',
      args: podArgs('invisible'),
      ipam,
    };
    const address = addressOf(await node.plugin('ADD', call));
    const { address: dead, netns } = await addPod('dead-beside-invisible');
    await netns.delete();
    // Whatever was gone all the while is free by then.
    await untilFreed(dead);
    assert.ok(await isRecorded(address));
  });

  test('takes a namespace that was made anew at the same path for another one', async () => {
    const { call, netns, address } = await addPod('anew');
    // A process that stays in the former namespace: else the kernel may give its inode number to the next one.
    const keeper = netns.spawn('sh', ['-c', 'echo entered; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (keeper.stdout === null) throw new Error('the keeper has no stdout');
    await once(keeper.stdout, 'data');
    try {
      await netns.delete();
      await node.sandbox.createNetworkNamespace('anew');
      await untilFreed(address);
    } finally {
      keeper.kill('SIGKILL');
    }
    assertSilentSuccess(await node.plugin('DEL', call));
  });

  test('forgets its suspicion when the pod gets a new sandbox', async () => {
    const { netns, address } = await addPod('renewed');
    await netns.delete();
    await pass();
    const next = await node.sandbox.createNetworkNamespace('renewed-2');
    const call = { containerId: 'renewed-2', netns: next.path, args: podArgs('renewed'), ipam };
    assert.equal(addressOf(await node.plugin('ADD', call)), address);
    const other = await addPod('dead-beside-renewed');
    await other.netns.delete();
    await untilFreed(other.address);
    assert.ok(await isRecorded(address));
  });

  test('goes on by itself', async () => {
    const { netns, address } = await addPod('unattended');
    await netns.delete();
    await until('the record is free', async () => !(await isRecorded(address)));
    const freed = node.agent.log.split('\n').filter((line) => line.includes('freed a leak'));
    assert.ok(
      freed.some((line) => line.includes(`"${address}"`)),
      freed.join('\n'),
    );
  });
});
