import { CniCode } from '../../src/cni/error.ts';
import { explainSchema, poolsSchema } from '../../src/wire/shapes.ts';
import { describePod } from './describe-pod.ts';
import { attach, callText } from './show-pods.ts';
import type { Story } from './story.ts';
import { webSubnets } from './subnets.ts';

/** The address that pools.yaml excludes, and the last one that web-v4 has after two pods took theirs. */
const excluded = '10.6.0.12';
const last = '10.6.0.13';

/** A pod that asks for an address gets that one or is told why not. */
export async function showRequestedAddress(story: Story): Promise<void> {
  const { narrator } = story;
  narrator.section('A pod asks for an address');
  const pod = await story.createPod('web-3');
  const network = story.webNetwork();
  narrator.command(`${callText('ADD', pod, network)} CNI_ARGS=IP=${excluded}`);
  const refusal = await pod.attachInVain(network, { requestedAddress: excluded });
  narrator.message(`error ${refusal.code}: ${refusal.msg}`);
  narrator.claim(
    'an excluded address is refused with the reason',
    refusal.code,
    CniCode.requestedAddressRefused,
  );
  await attach(story, pod, network, { requestedAddress: last });
  await describePod(story, pod, [{ nic: 'eth0', pools: ['web-v4', 'web-v6'], subnets: webSubnets }]);
  narrator.claim(`${pod.name} has the address that it asked for`, pod.address(4), last);
}

/** The pool has three addresses; the fourth pod gets none, in neither family. */
export async function showExhaustion(story: Story): Promise<void> {
  const { narrator, ctl } = story;
  narrator.section('A pool runs out');
  const pod = await story.createPod('web-4');
  narrator.command(callText('ADD', pod, story.webNetwork()));
  const failure = await pod.attachInVain(story.webNetwork());
  narrator.say('What the container runtime reads on stdout:');
  narrator.message(JSON.stringify(failure));
  narrator.claim(
    'the code tells runtimes apart what failed: 103, exhausted',
    failure.code,
    CniCode.poolsExhausted,
  );
  narrator.claim(
    'the message names the pool and its counts',
    /pool web-v4 \(total 3, allocated 3, reserved 0, excluded 1, suspect 0\)/.exec(failure.msg)?.length,
    1,
  );
  const { pools } = await ctl.read(['pools'], poolsSchema);
  narrator.claim(
    'both families or nothing: its IPv6 address was not taken either',
    pools.find(({ name }) => name === 'web-v6')?.allocated,
    3n,
  );
}

/** The same pod with more pools: one is not for this node, one is full, the third gives. */
export async function showFallBack(story: Story): Promise<void> {
  const { narrator, ctl } = story;
  narrator.section('Another pool takes over');
  narrator.say('The same pod with three IPv4 pools. First a dry run, which tells how each of them is seen:');
  const ipv4Pools = ['lab-v4', 'web-v4', 'spare-v4'];
  const args = [
    'explain',
    ...ipv4Pools.flatMap((name) => ['--ipv4-pool', name]),
    '--ipv6-pool',
    'web-v6',
    '--pod',
    'default/web-4',
  ];
  narrator.command(`spiderpoolctl ${args.join(' ')}`);
  narrator.block(await ctl.show(args));
  const { nics } = await ctl.read(args, explainSchema);
  const ipv4 = nics.find(({ family }) => family === 4);
  narrator.claim(
    'lab-v4 is for another node, and the address would come from spare-v4',
    { chosen: ipv4?.pool, lab: ipv4?.candidates.find(({ pool }) => pool === 'lab-v4') },
    {
      chosen: 'spare-v4',
      lab: { pool: 'lab-v4', accepted: false, reason: 'has nodeName rack-7, and the node is demo-node' },
    },
  );
  const pod = story.pod('web-4');
  await attach(story, pod, story.webNetwork(ipv4Pools));
  await describePod(story, pod, [{ nic: 'eth0', pools: ['spare-v4', 'web-v6'], subnets: webSubnets }]);
}
