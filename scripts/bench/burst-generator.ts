// Asks many agents at once, as the runtimes of many nodes do, and asks again after a second what was refused.

import { setTimeout as sleep } from 'node:timers/promises';
import { composePost, HttpConnection } from './http-connection.ts';
import { serveWorker } from './run-worker.ts';
import type { BurstInput, BurstNode, BurstOutput, BurstPod } from './worker-contracts.ts';

/** As a kubelet backs off after a sandbox that failed. */
const againAfterMs = 1_000;
/** Nothing that is measured takes longer. */
const giveUpAfterMs = 240_000;

interface Tally {
  readonly latenciesMs: number[];
  readonly addresses: (string | undefined)[];
  readonly messages: string[];
  failures: number;
}

function requestOf(input: BurstInput, { name, namespace, uid, sandbox }: BurstPod): string {
  const env = {
    CNI_CONTAINERID: sandbox,
    CNI_NETNS: input.netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};K8S_POD_UID=${uid}`,
  };
  return composePost(input.path, JSON.stringify({ config: input.config, env }));
}

async function serveNode(input: BurstInput, { socketPath, pods }: BurstNode, tally: Tally): Promise<void> {
  const waiting = [...pods];
  const untilMs = performance.now() + giveUpAfterMs;
  const work = async (): Promise<void> => {
    let connection = await HttpConnection.open(socketPath);
    for (let pod = waiting.pop(); pod !== undefined; pod = waiting.pop()) {
      if (connection.isClosed) connection = await HttpConnection.open(socketPath);
      const sentMs = performance.now();
      const { status, body } = await connection.send(requestOf(input, pod));
      tally.latenciesMs.push(performance.now() - sentMs);
      if (status === 200) {
        tally.addresses.push(/"address": ?"([^"]+)"/.exec(body)?.[1]);
        continue;
      }
      tally.failures += 1;
      if (tally.messages.length < 5) tally.messages.push(body);
      if (performance.now() > untilMs) throw new Error(`${socketPath} does not serve: ${body}`);
      await sleep(againAfterMs);
      waiting.unshift(pod);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: Math.min(input.inFlight, pods.length) }, work));
}

await serveWorker('burst-generator.ts', async (input): Promise<BurstOutput> => {
  const tally: Tally = { latenciesMs: [], addresses: [], messages: [], failures: 0 };
  const startedMs = performance.now();
  await Promise.all(input.nodes.map(async (node) => serveNode(input, node, tally)));
  const durationMs = performance.now() - startedMs;
  const { latenciesMs, addresses, messages, failures } = tally;
  return {
    durationMs,
    latenciesMs,
    failures,
    messages,
    distinctAddresses: new Set(addresses.filter((one) => one !== undefined)).size,
  };
});
