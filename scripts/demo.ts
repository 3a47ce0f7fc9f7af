// npm run demo: the main job on this machine, in namespaces of its own. Explains itself on stdout; exits with 1 and says what was
// expected when anything is not as it says.

import { existsSync } from 'node:fs';
import { findCniPlugins } from '../test/support/cni-plugins.ts';
import { type DemoNode, openDemoNode } from './demo/demo-node.ts';
import { Interruption } from './demo/interruption.ts';
import { Narrator } from './demo/narrator.ts';
import { showAgent } from './demo/show-agent.ts';
import { showAgentAway } from './demo/show-agent-away.ts';
import { showExhaustion, showFallBack, showRequestedAddress } from './demo/show-choice.ts';
import { showCleanUp } from './demo/show-clean-up.ts';
import { showEndOfPod } from './demo/show-end-of-pod.ts';
import { showPods } from './demo/show-pods.ts';
import { showSecondNic } from './demo/show-second-nic.ts';

/** Lines of the agent's log that are shown after a failure. */
const logLinesMax = 10;

async function tell(narrator: Narrator, node: DemoNode): Promise<void> {
  const story = await showAgent(narrator, node);
  await showPods(story);
  await showRequestedAddress(story);
  await showExhaustion(story);
  await showFallBack(story);
  await showSecondNic(story);
  await showEndOfPod(story);
  await showAgentAway(story);
  await showCleanUp(story);
}

async function demo(narrator: Narrator, interruption: Interruption): Promise<void> {
  const startedMs = performance.now();
  const { dir } = await findCniPlugins(['bridge', 'macvlan']);
  let folder: string;
  {
    await using node = await openDemoNode(dir);
    folder = node.sandbox.folder;
    narrator.title('Spiderpool on one node: pods get their addresses from pools');
    narrator.say(`Real CNI plugins of ${dir}, in a network of its own: nothing of this machine is changed.`);
    try {
      await interruption.orEnd(tell(narrator, node));
    } catch (error) {
      if (!interruption.happened) console.error(node.logTail(logLinesMax));
      throw error;
    }
  }
  narrator.claim('the agent, the namespaces and their folder are gone', existsSync(folder), false);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  narrator.title(`Done: ${narrator.claims} claims checked in ${seconds} s.`);
}

const interruption = new Interruption(process.stdout);
try {
  await demo(new Narrator(process.stdout), interruption);
} catch (error) {
  if (interruption.happened) {
    console.error('\ndemo: interrupted');
  } else {
    console.error(`\ndemo: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
interruption.endProcess();
