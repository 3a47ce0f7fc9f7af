import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DaemonProcess, type ProcessExit } from './daemon-process.ts';
import type { Sandbox } from './sandbox.ts';
import { SocketClient, type SocketRequestOptions, type SocketResponse } from './socket-client.ts';

export interface StartAgentOptions {
  /** Existing folder that the caller removes; gets `agent.sock`, `state/`, `pools/` and `conf.yml`. Keep its path short. */
  readonly folder: string;
  /** Manifests that stand in the pools folder before the start, one file each. @default none */
  readonly pools?: readonly object[];
  /** Content of `conf.yml`, handed over with `--config-path`. @default no such file */
  readonly config?: object;
  /**
   * Kubeconfig of the cluster whose API server records the addresses. `env` must then have what the downward API gives an agent.
   * @default none: the ledger is embedded
   */
  readonly kubeconfig?: string;
  /** Name of the node. @default the agent's own default */
  readonly nodeName?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `spiderpool-agent daemon`. */
  readonly args?: readonly string[];
  /** Run it on this node: it has to see the network namespaces that are mounted there. */
  readonly sandbox?: Sandbox;
  /** @default dist/spiderpool-agent.js */
  readonly executable?: string;
}

/** The agent did not become healthy; the message has the end of its log. */
export class AgentStartError extends Error {
  override readonly name = 'AgentStartError';
  readonly code = 'SP_AGENT_START';
}

const executableDefault = fileURLToPath(new URL('../../dist/spiderpool-agent.js', import.meta.url));
/** It is ready in under a second; a loaded machine gets its time. */
const startTimeoutMs = 60_000;
const pollMs = 20;
/** A real agent, as a child process. Hold it with `await using`. */
export class RunningAgent implements AsyncDisposable {
  readonly socketPath: string;
  /** Also what `SPIDERPOOL_STATE_DIR` of the plugin has to be. */
  readonly dataDir: string;
  readonly poolsFolder: string;
  readonly #options: StartAgentOptions;
  #client: SocketClient;
  readonly #process = new DaemonProcess();

  /** Use {@link startAgent}. */
  constructor(options: StartAgentOptions) {
    this.#options = options;
    this.socketPath = join(options.folder, 'agent.sock');
    this.dataDir = join(options.folder, 'state');
    this.poolsFolder = join(options.folder, 'pools');
    this.#client = new SocketClient(this.socketPath);
  }

  /** Undefined while it is not running. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** What it printed on both outputs since {@link startAgent}, restarts included. */
  get log(): string {
    return this.#process.log;
  }

  /** One request over its socket; see {@link SocketClient.request}. */
  async request(
    method: string,
    path: string,
    body?: unknown,
    options?: SocketRequestOptions,
  ): Promise<SocketResponse> {
    return this.#client.request(method, path, body, options);
  }

  /** Puts a file into the pools folder in one step, as a careful person would. @param manifest a string is written as it is */
  async writeManifest(fileName: string, manifest: unknown): Promise<void> {
    const unfinished = join(this.poolsFolder, `.${fileName}.unfinished`);
    await writeFile(unfinished, typeof manifest === 'string' ? manifest : JSON.stringify(manifest));
    await rename(unfinished, join(this.poolsFolder, fileName));
  }

  /** Removes a file from the pools folder. */
  async removeManifest(fileName: string): Promise<void> {
    await rm(join(this.poolsFolder, fileName));
  }

  /** Starts the process and waits until it is healthy. @throws AgentStartError */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new AgentStartError('the agent is running already');
    const { sandbox, env, nodeName } = this.#options;
    this.#process.spawn([...(sandbox?.enterCommand() ?? []), process.execPath, ...this.#arguments()], {
      ...process.env,
      ...(nodeName === undefined ? {} : { SPIDERPOOL_NODE_NAME: nodeName }),
      ...env,
    });
    await this.#untilHealthy();
  }

  /** Sends the signal and waits for the end of the process. Not running: returns how it ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessExit> {
    return this.#ended(await this.#process.kill(signal));
  }

  #ended(exit: ProcessExit): ProcessExit {
    this.#client[Symbol.dispose]();
    this.#client = new SocketClient(this.socketPath);
    return exit;
  }

  /** Stops it with SIGTERM; kills it when that takes too long. */
  async stop(): Promise<ProcessExit> {
    return this.#ended(await this.#process.stop());
  }

  /** Stops it if it is running, then starts it on the same folders. @throws AgentStartError */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#client[Symbol.dispose]();
  }

  #arguments(): readonly string[] {
    const { executable = executableDefault, config, args = [], folder, kubeconfig } = this.#options;
    const configArgs = config === undefined ? [] : ['--config-path', join(folder, 'conf.yml')];
    const folders = ['--socket', this.socketPath, '--data-dir', this.dataDir];
    const store =
      kubeconfig === undefined
        ? ['--store', 'embedded', '--pools', this.poolsFolder]
        : ['--store', 'kubernetes', '--kubeconfig', kubeconfig];
    return [executable, 'daemon', ...store, ...folders, ...configArgs, ...args];
  }

  async #untilHealthy(): Promise<void> {
    const deadline = performance.now() + startTimeoutMs;
    while (performance.now() < deadline) {
      if (this.pid === undefined)
        throw new AgentStartError(`the agent ended at its start:\n${this.#process.tail}`);
      if (await this.#isHealthy()) return;
      await sleep(pollMs);
    }
    await this.kill();
    throw new AgentStartError(`the agent was not healthy after ${startTimeoutMs} ms:\n${this.#process.tail}`);
  }

  async #isHealthy(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(startTimeoutMs);
      return (await this.request('GET', '/v1/ipam/healthy', undefined, { signal })).status === 200;
    } catch {
      // No socket yet, or that of an agent that is gone.
      return false;
    }
  }
}

/**
 * Starts `spiderpool-agent daemon` and waits until `GET /v1/ipam/healthy` answers 200.
 * @throws AgentStartError with the end of its log when it does not get there
 */
export async function startAgent(options: StartAgentOptions): Promise<RunningAgent> {
  const agent = new RunningAgent(options);
  await mkdir(agent.poolsFolder, { recursive: true });
  for (const [index, manifest] of (options.pools ?? []).entries()) {
    await agent.writeManifest(`${String(index).padStart(3, '0')}.json`, manifest);
  }
  // JSON is YAML.
  if (options.config !== undefined) {
    await writeFile(join(options.folder, 'conf.yml'), JSON.stringify(options.config));
  }
  await agent.start();
  return agent;
}
