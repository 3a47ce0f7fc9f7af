import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AgentFolder, createAgentFolder } from './agent-folder.ts';
import type { AgentData, MemoryRow, MemorySamples, StartSamples } from './agent-section.ts';
import { fillLedger } from './fill-ledger.ts';
import { projectPaths } from './paths.ts';
import { runWorker } from './run-worker.ts';
import type { ServerProcess } from './server-process.ts';
import { configFor } from './socket-bench.ts';
import type { LoadInput } from './worker-contracts.ts';

/** Records in the ledger before the start, and ADDs through the socket after it. */
const memoryRows: readonly MemoryRow[] = [
  { records: 0, adds: 0 },
  { records: 1_000, adds: 20 },
  { records: 10_000, adds: 20 },
  { records: 100_000, adds: 20 },
  { records: 0, adds: 10_000 },
];
const startRecords = [0, 10_000, 100_000] as const;
/** "At rest" in the project's terms. */
const restMs = 10_000;
/** Longer than the period of the sweep, so that the peak includes one. */
const watchMs = 12_000;
const sampleMs = 250;
const addsInFlight = 20;

/** Measures an agent at rest, and how long it takes to serve. */
export async function benchAgent(quick: boolean): Promise<AgentData> {
  await using ledgers = await LedgerTemplates.create();
  const starts: StartSamples[] = [];
  for (const records of startRecords) starts.push(await timeStarts(ledgers, records, quick ? 2 : 7));
  const rounds: (readonly MemorySamples[])[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    // They are at rest: several at once disturb each other little, and a round takes no longer than one.
    const samples: MemorySamples[] = [];
    await using stack = new AsyncDisposableStack();
    const agents: LoadedAgent[] = [];
    for (const row of memoryRows) agents.push(stack.use(await LoadedAgent.start(ledgers, row)));
    samples.push(...(await Promise.all(agents.map(async (agent) => agent.observe()))));
    rounds.push(samples);
  }
  return { starts, memoryRounds: rounds };
}

/** Filled ledgers, made once and copied for each agent. */
class LedgerTemplates implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<LedgerTemplates> {
    await mkdir(projectPaths.scratch, { recursive: true });
    const folder = await mkdtemp(join(projectPaths.scratch, 'bench-ledgers-'));
    const sizes = new Set([...startRecords, ...memoryRows.map((row) => row.records)]);
    for (const records of sizes) fillLedger(join(folder, `${records}.db`), records);
    return new LedgerTemplates(folder);
  }

  /** Folders for an agent that has so many records. */
  async agentFolder(records: number): Promise<AgentFolder> {
    const folder = await createAgentFolder();
    await copyFile(join(this.#folder, `${records}.db`), join(folder.stateFolder, 'ledger.db'));
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function timeStarts(ledgers: LedgerTemplates, records: number, rounds: number): Promise<StartSamples> {
  await using folder = await ledgers.agentFolder(records);
  const readyMs: number[] = [];
  const firstAddMs: number[] = [];
  // The first start reads everything from the disk, as after a reboot no benchmark can repeat; it is not counted.
  for (let round = -1; round < rounds; round++) {
    await using agent = await folder.startAgent();
    const addMs = await sendAdds(folder, 1, `start-${round}-`);
    if (round < 0) continue;
    readyMs.push(agent.readyMs);
    firstAddMs.push(addMs);
  }
  return { records, readyMs, firstAddMs };
}

/** @returns the latency of the last answer, milliseconds */
async function sendAdds(folder: AgentFolder, requests: number, idPrefix: string): Promise<number> {
  const { socketPath } = folder;
  const inFlight = Math.min(addsInFlight, requests);
  const input: LoadInput = {
    socketPath,
    config: configFor(socketPath),
    phases: [{ path: '/v1/cni/add', inFlight, requests, idPrefix }],
    expectAddresses: true,
  };
  const [output] = await runWorker('load-generator.ts', input);
  return output?.latenciesMs.at(-1) ?? Number.NaN;
}

/** An agent with its load behind it. */
class LoadedAgent implements AsyncDisposable {
  readonly #row: MemoryRow;
  readonly #folder: AgentFolder;
  readonly #agent: ServerProcess;
  readonly #loadedMs = performance.now();

  private constructor(row: MemoryRow, folder: AgentFolder, agent: ServerProcess) {
    this.#row = row;
    this.#folder = folder;
    this.#agent = agent;
  }

  static async start(ledgers: LedgerTemplates, row: MemoryRow): Promise<LoadedAgent> {
    const folder = await ledgers.agentFolder(row.records);
    const agent = await folder.startAgent();
    if (row.adds > 0) await sendAdds(folder, row.adds, 'load-');
    return new LoadedAgent(row, folder, agent);
  }

  /** Waits until it has rested, then looks at its memory for a while. */
  async observe(): Promise<MemorySamples> {
    await sleep(Math.max(0, this.#loadedMs + restMs - performance.now()));
    const atRest = this.#agent.memory();
    let peakAnonMiB = atRest.anonMiB;
    const untilMs = performance.now() + watchMs;
    while (performance.now() < untilMs) {
      await sleep(sampleMs);
      peakAnonMiB = Math.max(peakAnonMiB, this.#agent.memory().anonMiB);
    }
    return { ...this.#row, ...atRest, peakAnonMiB };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
