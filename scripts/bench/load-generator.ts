// Sends one kind of request over keep-alive connections, so many at a time, and times each.

import { composePost, HttpConnection } from './http-connection.ts';
import { serveWorker } from './run-worker.ts';
import type { LoadInput, LoadOutput, LoadPhase } from './worker-contracts.ts';

function composeRequest(phase: LoadPhase, config: string, number: number): string {
  const env = {
    CNI_CONTAINERID: `${phase.idPrefix}${number}-`.padEnd(64, 'c'),
    // Visible to the agent, as a pod's would be.
    CNI_NETNS: '/proc/self/ns/net',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=bench-${number}`,
  };
  return composePost(phase.path, `{"config":${config},"env":${JSON.stringify(env)}}`);
}

/** @returns the body of the answer @throws Error when it is not 200 */
async function sendExpecting200(connection: HttpConnection, request: string): Promise<string> {
  const { status, body } = await connection.send(request);
  if (status !== 200) throw new Error(`the answer is ${status}: ${body}`);
  return body;
}

async function runPhase(input: LoadInput, phase: LoadPhase): Promise<LoadOutput> {
  const config = JSON.stringify(input.config);
  const requests = Array.from({ length: phase.requests }, (_, number) =>
    composeRequest(phase, config, number),
  );
  const connections = await Promise.all(
    Array.from({ length: phase.inFlight }, async () => HttpConnection.open(input.socketPath)),
  );
  const latenciesMs: number[] = [];
  const bodies: string[] = [];
  const work = async (connection: HttpConnection): Promise<void> => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const sentMs = performance.now();
      bodies.push(await sendExpecting200(connection, request));
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(connections.map(work));
  const durationMs = performance.now() - startedMs;
  for (const connection of connections) connection.close();
  if (input.expectAddresses && phase.path === '/v1/cni/add') checkAddresses(bodies);
  return { durationMs, latenciesMs };
}

/** Figures of an agent that gives an address twice would be worth nothing. */
function checkAddresses(bodies: readonly string[]): void {
  const addresses = new Set(bodies.map((body) => /"address": ?"([^"]+)"/.exec(body)?.[1]));
  if (addresses.has(undefined)) throw new Error('an ADD was answered without an address');
  if (addresses.size < bodies.length) throw new Error('an address was given twice');
}

await serveWorker('load-generator.ts', async (input) => {
  const outputs: LoadOutput[] = [];
  for (const phase of input.phases) outputs.push(await runPhase(input, phase));
  return outputs;
});
