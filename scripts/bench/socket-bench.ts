import { fileURLToPath } from 'node:url';
import { type AgentFolder, benchNetwork, createAgentFolder } from './agent-folder.ts';
import { runWorker } from './run-worker.ts';
import { startServer } from './server-process.ts';
import type { LoadFigures, SocketData, SocketRound } from './socket-section.ts';
import { quantile } from './statistics.ts';
import type { LoadInput, LoadOutput, LoadPhase } from './worker-contracts.ts';

/** Requests at a time, and how many altogether: about a second each. */
const loads = [
  { inFlight: 1, requests: 600 },
  { inFlight: 10, requests: 3000 },
  { inFlight: 100, requests: 6000 },
] as const;
const commitsMs = 1000;

/** Measures ADDs and DELs through the socket, in turn with the bare server and the bare store. */
export async function benchSocket(quick: boolean): Promise<SocketData> {
  const scale = quick ? 0.2 : 1;
  await using folder = await createAgentFolder();
  await using servers = new AsyncDisposableStack();
  servers.use(await folder.startAgent());
  const constantPath = `${folder.socketPath}.constant`;
  const script = fileURLToPath(new URL('constant-server.ts', import.meta.url));
  const logFile = folder.file('constant.log');
  servers.use(await startServer({ args: [script, constantPath], socketPath: constantPath, logFile }));
  const rounds: SocketRound[] = [];
  for (let round = 0; round < (quick ? 2 : 5); round++) {
    rounds.push({
      agent: await loadServer(folder.socketPath, { round, scale, expectAddresses: true }),
      constant: await loadServer(constantPath, { round, scale, expectAddresses: false }),
      commitsPerSecond: await countCommits(folder, round),
    });
  }
  return { rounds };
}

interface LoadOptions {
  readonly round: number;
  /** Part of the requests that are sent. */
  readonly scale: number;
  readonly expectAddresses: boolean;
}

async function loadServer(
  socketPath: string,
  { round, scale, expectAddresses }: LoadOptions,
): Promise<readonly LoadFigures[]> {
  const phases = [{ inFlight: 50, requests: 1000 }, ...loads].flatMap(
    ({ inFlight, requests }, at): LoadPhase[] => {
      const phase = { inFlight, requests: Math.ceil(requests * scale), idPrefix: `r${round}-${at}-` };
      return [
        { ...phase, path: '/v1/cni/add' },
        { ...phase, path: '/v1/cni/del' },
      ];
    },
  );
  const input: LoadInput = { socketPath, config: configFor(socketPath), phases, expectAddresses };
  const outputs = await runWorker('load-generator.ts', input);
  // The first pair warms both processes up.
  return outputs.map((output, at) => figuresOf(phases[at], output)).slice(2);
}

function figuresOf(phase: LoadPhase | undefined, { durationMs, latenciesMs }: LoadOutput): LoadFigures {
  return {
    verb: phase?.path === '/v1/cni/del' ? 'DEL' : 'ADD',
    inFlight: phase?.inFlight ?? Number.NaN,
    perSecond: (latenciesMs.length * 1000) / durationMs,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

async function countCommits(folder: AgentFolder, round: number): Promise<number> {
  return runWorker('sqlite-commits.ts', { path: folder.file(`commits-${round}.db`), durationMs: commitsMs });
}

/** As a runtime gives it. */
export function configFor(socketPath: string): unknown {
  const ipam = { type: 'spiderpool', ipam_unix_socket_path: socketPath };
  return { cniVersion: '1.1.0', name: benchNetwork, type: 'macvlan', master: 'eth0', mode: 'bridge', ipam };
}
