import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, startAgent } from '../../test/support/agent.ts';
import { CommandError } from '../../test/support/run-command.ts';
import { createSandbox, type Sandbox } from '../../test/support/sandbox.ts';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const poolManifests = fileURLToPath(new URL('pools.yaml', import.meta.url));

/** The name that the agent knows the node by. */
export const nodeName = 'demo-node';

/** The manifests of the demo's pools, as a person would write them. */
export function readPoolManifests(): string {
  return readFileSync(poolManifests, 'utf8');
}

/**
 * A node of its own on this machine, with an agent that runs on it. Whatever still runs there ends with it, and its folder is
 * removed. Hold it with `await using`.
 */
export class DemoNode implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly cniPath: readonly string[];
  readonly #resources: AsyncDisposableStack;
  #agent: RunningAgent | undefined;

  /** Use {@link openDemoNode}. */
  constructor(sandbox: Sandbox, pluginFolder: string, resources: AsyncDisposableStack) {
    this.sandbox = sandbox;
    this.cniPath = [pluginFolder, dist];
    this.#resources = resources;
  }

  /** @throws Error before {@link startAgent} */
  get agent(): RunningAgent {
    if (this.#agent === undefined) throw new Error('the agent was not started yet');
    return this.#agent;
  }

  get stateFolder(): string {
    return join(this.sandbox.folder, 'state');
  }

  /** Puts the manifests into the agent's folder and starts it. @throws AgentStartError */
  async startAgent(): Promise<RunningAgent> {
    const { folder } = this.sandbox;
    await mkdir(join(folder, 'pools'));
    await copyFile(poolManifests, join(folder, 'pools', 'pools.yaml'));
    this.#agent = this.#resources.use(await startAgent({ folder, sandbox: this.sandbox, nodeName }));
    return this.#agent;
  }

  /** The last lines of the agent's log, for a failure. */
  logTail(linesMax: number): string {
    return this.#agent?.log.trimEnd().split('\n').slice(-linesMax).join('\n') ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/**
 * Makes the node.
 * @param pluginFolder with the main plugins
 * @throws SandboxError where namespaces are not permitted
 */
export async function openDemoNode(pluginFolder: string): Promise<DemoNode> {
  await using resources = new AsyncDisposableStack();
  const sandbox = resources.use(await createSandbox());
  // The plugin writes a log below /var/log when no agent answers: not into this machine's.
  const mounted = await sandbox.run('mount', ['-t', 'tmpfs', 'tmpfs', '/var/log']);
  if (mounted.exitCode !== 0) throw new CommandError('SP_COMMAND_FAILED', mounted.stderr.trim());
  return new DemoNode(sandbox, pluginFolder, resources.move());
}
