import { poolsSchema } from '../../src/wire/shapes.ts';
import { showPools } from './show-agent.ts';
import type { Story } from './story.ts';

/** All pods end; nothing stays allocated. */
export async function showCleanUp(story: Story): Promise<void> {
  const { narrator, ctl } = story;
  narrator.section('All pods end');
  for (const pod of story.pods) await pod.detachAll();
  await showPools(story);
  const { pools } = await ctl.read(['pools'], poolsSchema);
  narrator.claim(
    'nothing has leaked: no pool has an allocated address',
    pools.filter(({ allocated }) => allocated > 0n).map(({ name }) => name),
    [],
  );
}
