import { poolsSchema } from '../../src/wire/shapes.ts';
import { Ctl } from './ctl.ts';
import { type DemoNode, readPoolManifests } from './demo-node.ts';
import type { Narrator } from './narrator.ts';
import { Story } from './story.ts';

/** Starts the agent on its pools. */
export async function showAgent(narrator: Narrator, node: DemoNode): Promise<Story> {
  narrator.section('The agent keeps pools of addresses');
  const manifests = readPoolManifests();
  const documents = manifests.split(/^---$/m);
  narrator.say(
    `A pool is a manifest, the same YAML as in a cluster; this is the first of ${documents.length}:`,
  );
  narrator.block(documents[0] ?? '');
  const startedMs = performance.now();
  const { socketPath } = await node.startAgent();
  narrator.command(`spiderpool-agent daemon --store embedded --pools … --data-dir … --socket ${socketPath}`);
  narrator.say(`It is ready after ${milliseconds(performance.now() - startedMs)}.`);
  const story = new Story(narrator, node, new Ctl(socketPath, narrator.styled));
  await showPools(story);
  const { pools, problems } = await story.ctl.read(['pools'], poolsSchema);
  narrator.claim(
    'all pools are in force, and nothing is allocated',
    { pools: pools.length, allocated: pools.reduce((sum, pool) => sum + pool.allocated, 0n), problems },
    { pools: documents.length, allocated: 0n, problems: [] },
  );
  return story;
}

/** The table of pools, as spiderpoolctl prints it. */
export async function showPools({ narrator, ctl }: Story): Promise<void> {
  narrator.command('spiderpoolctl pools');
  narrator.block(await ctl.show(['pools']));
}

function milliseconds(value: number): string {
  return `${Math.round(value)} ms`;
}
