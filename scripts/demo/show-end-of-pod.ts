import { whoSchema } from '../../src/wire/shapes.ts';
import { callText } from './show-pods.ts';
import type { Story } from './story.ts';

/** DEL frees, may come twice, and the agent remembers who had the address. */
export async function showEndOfPod(story: Story): Promise<void> {
  const { narrator, ctl } = story;
  narrator.section('A pod ends; who had its address?');
  const pod = story.pod('web-2');
  const address = pod.address(4);
  const removed = pod.attachments.toReversed();
  for (const { nic, config } of removed) narrator.command(callText('DEL', pod, config, nic));
  await pod.detachAll();
  for (const attachment of removed) await pod.detach(attachment);
  narrator.claim('its namespace has no NIC left, and a second DEL succeeds as well', await pod.readState(), {
    nics: [],
    routes: [],
  });
  narrator.command(`spiderpoolctl who ${address}`);
  narrator.block(await ctl.show(['who', address]));
  const who = await ctl.read(['who', address], whoSchema);
  narrator.claim(
    `${address} is free, and it was ${pod.name} that had it last`,
    { now: who.allocation, last: who.last?.allocation.holders.map((holder) => holder.pod) },
    { now: undefined, last: [`default/${pod.name}`] },
  );
}
