import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CniCode } from '../../src/cni/error.ts';
import { whoSchema } from '../../src/wire/shapes.ts';
import { failureOf } from './cni-answers.ts';
import { describePod } from './describe-pod.ts';
import type { Pod } from './pod.ts';
import { attach, callText } from './show-pods.ts';
import type { Story } from './story.ts';
import { webSubnets } from './subnets.ts';

/** Pools of the pod that comes while the agent is away. */
const ipv4Pools = ['spare-v4'];

/** The address of the pod that leaves: it asked for it. */
const released = '10.6.0.13';

/** The agent is killed: DEL succeeds and is done later, ADD is told to come again, and no record is lost. */
export async function showAgentAway(story: Story): Promise<void> {
  const { narrator, node } = story;
  narrator.section('The agent is killed');
  const [stays, leaves] = [story.pod('web-1'), story.pod('web-3')];
  const comes = await story.createPod('web-5');
  await node.agent.kill('SIGKILL');
  narrator.command('kill -9 $(pidof spiderpool-agent)');
  await callWithoutAgent(story, leaves, comes);
  const startedMs = performance.now();
  await node.agent.start();
  narrator.command('spiderpool-agent daemon …');
  narrator.say(`It is ready again after ${Math.round(performance.now() - startedMs)} ms.`);
  narrator.claim(
    `the tombstone was played back: ${leaves.name}'s address is free; ${stays.name}'s record has outlived the kill`,
    {
      tombstones: tombstones(story).length,
      left: await holdersOf(story, released),
      stayed: await holdersOf(story, stays.address(4)),
    },
    { tombstones: 0, left: [], stayed: ['default/web-1'] },
  );
  narrator.say(`The runtime clears away what the failed ADD has left of ${comes.name}, and tries again:`);
  const network = story.webNetwork(ipv4Pools);
  await comes.detach({ nic: 'eth0', config: network });
  await attach(story, comes, network);
  await describePod(story, comes, [{ nic: 'eth0', pools: ['spare-v4', 'web-v6'], subnets: webSubnets }]);
}

async function callWithoutAgent(story: Story, leaves: Pod, comes: Pod): Promise<void> {
  const { narrator } = story;
  const network = story.webNetwork(ipv4Pools);
  narrator.say(
    'A pod ends and another one starts meanwhile. The plugin gives a restarting agent 10 seconds …',
  );
  const [added] = await Promise.all([comes.tryAttach(network), leaves.detachAll()]);
  narrator.command(callText('DEL', leaves, network));
  narrator.claim(
    'DEL succeeds, and leaves a tombstone for the agent',
    { tombstones: tombstones(story).length, nics: (await leaves.readState()).nics },
    { tombstones: 1, nics: [] },
  );
  narrator.command(callText('ADD', comes, network));
  const failure = failureOf('ADD without an agent', added);
  narrator.message(`error ${failure.code}: ${failure.msg}`);
  narrator.claim('ADD fails with 11, try again later', failure.code, CniCode.tryAgainLater);
}

function tombstones({ node }: Story): readonly string[] {
  return readdirSync(join(node.stateFolder, 'tombstones'));
}

async function holdersOf({ ctl }: Story, address: string): Promise<readonly string[]> {
  const { allocation } = await ctl.read(['who', address], whoSchema);
  return allocation?.holders.map(({ pod }) => pod) ?? [];
}
