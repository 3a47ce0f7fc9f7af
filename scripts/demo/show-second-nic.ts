import { createUplink, kernelHasMacvlan } from '../../test/support/uplink.ts';
import { describePod } from './describe-pod.ts';
import type { NetworkOptions } from './network-config.ts';
import { attach, talk } from './show-pods.ts';
import type { Story } from './story.ts';
import { storageSubnets, webSubnets } from './subnets.ts';

/** A second NIC for two pods, macvlan where the kernel has it; `clean_gateway` keeps its default route away. */
export async function showSecondNic(story: Story): Promise<void> {
  const { narrator } = story;
  narrator.section('A second NIC, with clean_gateway');
  const main = await secondMain(story);
  narrator.say(
    `The pods get net1 from ${main.type}. "clean_gateway": true leaves its default route out: the one through eth0 stays the only one.`,
  );
  const network = story.network({
    name: 'storage',
    main,
    ipv4Pools: ['storage-v4'],
    ipv6Pools: ['storage-v6'],
    cleanGateway: true,
  });
  for (const name of ['web-1', 'web-2']) {
    const pod = story.pod(name);
    await attach(story, pod, network, { nic: 'net1' });
    await describePod(story, pod, [
      { nic: 'eth0', pools: ['web-v4', 'web-v6'], subnets: webSubnets },
      { nic: 'net1', pools: ['storage-v4', 'storage-v6'], subnets: storageSubnets, defaultRoute: false },
    ]);
  }
  const { routes } = await story.pod('web-1').readState();
  narrator.claim(
    'clean_gateway: both default routes go through eth0, none through net1',
    routes.filter(({ destination }) => /^(0\.0\.0\.0|::)\/0$/.test(destination)).map(({ nic }) => nic),
    ['eth0', 'eth0'],
  );
  await talk(story, story.pod('web-1'), story.pod('web-2'), 'net1');
}

async function secondMain({ narrator, node }: Story): Promise<NetworkOptions['main']> {
  const [pluginFolder = ''] = node.cniPath;
  const uplink = await createUplink(node.sandbox, pluginFolder);
  if (await kernelHasMacvlan(node.sandbox, pluginFolder, uplink)) {
    return { type: 'macvlan', master: uplink.nic };
  }
  narrator.say('macvlan is left out: this kernel has none. A second bridge stands in for it.');
  return { type: 'bridge', bridge: 'storage0' };
}
