import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { latestCniVersion } from '../../../src/cni/version.ts';
import { type RunningAgent, type StartAgentOptions, startAgent } from '../../support/agent.ts';
import { type CniAnswer, type CniCall, runCni } from '../../support/run-cni.ts';
import { createSandbox, type Sandbox } from '../../support/sandbox.ts';
import type { SocketRequestOptions, SocketResponse } from '../../support/socket-client.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const dist = fileURLToPath(new URL('../../../dist', import.meta.url));

/** The compiled plugin. */
export const pluginFile = join(dist, 'spiderpool');

/** One attachment, and the configuration of the network that it belongs to. */
export interface Call {
  readonly containerId?: string;
  /** @default 'eth0' */
  readonly ifName?: string;
  /** Path of the network namespace. @default one that never exists */
  readonly netns?: string;
  /** `CNI_ARGS`. @default none, as podman and nerdctl have it */
  readonly args?: Readonly<Record<string, string>> | string;
  /** @default the newest */
  readonly cniVersion?: string;
  /** Keys of the network configuration beside or in place of the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Keys of its `ipam` object beside or in place of the usual ones. */
  readonly ipam?: Readonly<Record<string, unknown>>;
  /** What goes to stdin instead of a configuration. */
  readonly stdin?: string;
  /** Variables of the plugin; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** An allocation as `GET /v1/allocations` shows it. */
export interface Allocation {
  readonly address: string;
  readonly pool: string;
  readonly network: string;
  readonly nic: string;
  readonly holders: readonly { readonly uid: string; readonly sandbox: string; readonly pod: string }[];
}

/** A pool as `GET /v1/pools` shows it. */
export interface PoolCounts {
  readonly name: string;
  readonly total: number;
  readonly allocated: number;
  readonly free: number;
  readonly cooling: number;
  readonly reserved: number;
  readonly excluded: number;
  readonly disabled: boolean;
  readonly conditions: readonly { readonly type: string; readonly message: string }[];
}

/** CNI_NETNS of a pod whose namespace the agent can't see. */
const invisibleNetns = '/run/netns/not-visible-here';

/** CNI_ARGS as Kubernetes' runtimes set them. */
export function podArgs(name: string, uid = `${name}-uid`): Record<string, string> {
  return { IgnoreUnknown: '1', K8S_POD_NAMESPACE: 'default', K8S_POD_NAME: name, K8S_POD_UID: uid };
}

/** A node: a running agent with the embedded ledger, and calls as a runtime on it makes them. Hold it with `await using`. */
export class TestNode implements AsyncDisposable {
  readonly agent: RunningAgent;
  /** Where network namespaces and mounts of this node are; undefined when the test has asked for none. */
  readonly #sandbox: Sandbox | undefined;
  readonly #stack: AsyncDisposableStack;

  /** Use {@link startNode} or {@link startSandboxNode}. */
  constructor(agent: RunningAgent, sandbox: Sandbox | undefined, stack: AsyncDisposableStack) {
    this.agent = agent;
    this.#sandbox = sandbox;
    this.#stack = stack;
  }

  get sandbox(): Sandbox {
    if (this.#sandbox === undefined) throw new Error('this node was started without a sandbox');
    return this.#sandbox;
  }

  /** The network configuration of a call. */
  config(call: Call = {}): Readonly<Record<string, unknown>> {
    return {
      cniVersion: call.cniVersion ?? latestCniVersion,
      name: 'net',
      type: 'spiderpool',
      ipam: {
        type: 'spiderpool',
        ipam_unix_socket_path: this.agent.socketPath,
        // Tests leave nothing below /var/log.
        log_level: 'fatal',
        ...call.ipam,
      },
      ...call.config,
    };
  }

  /** Runs the compiled plugin, or the main plugin that the configuration names where `cniPath` has it. */
  async plugin(
    command: CniCall['command'],
    call: Call = {},
    cniPath: readonly string[] = [],
  ): Promise<CniAnswer> {
    const config = this.config(call);
    const type = String(config['type']);
    return runCni({
      plugin: type === 'spiderpool' ? pluginFile : type,
      command,
      config: call.stdin ?? config,
      ...(call.containerId !== undefined && { containerId: call.containerId }),
      ifName: call.ifName ?? 'eth0',
      netns: call.netns ?? invisibleNetns,
      ...(call.args !== undefined && { args: call.args }),
      cniPath: [...cniPath, dist],
      env: { SPIDERPOOL_STATE_DIR: this.agent.dataDir, ...call.env },
      ...(this.#sandbox !== undefined && { sandbox: this.#sandbox }),
    });
  }

  /** Asks the agent directly, as the plugin would. */
  async ask(
    verb: 'add' | 'del' | 'check' | 'gc' | 'status',
    call: Call = {},
    options?: SocketRequestOptions,
  ): Promise<SocketResponse> {
    return this.agent.request('POST', `/v1/cni/${verb}`, this.requestBody(call), options);
  }

  /** Body of a request of the plugin. */
  requestBody(call: Call): { config: unknown; env: Record<string, string> } {
    const { args = '' } = call;
    const pairs = typeof args === 'string' ? [args] : Object.entries(args).map((pair) => pair.join('='));
    return {
      config: this.config(call),
      env: {
        CNI_CONTAINERID: call.containerId ?? '',
        CNI_IFNAME: call.ifName ?? 'eth0',
        CNI_NETNS: call.netns ?? invisibleNetns,
        CNI_PATH: dist,
        CNI_ARGS: pairs.join(';'),
      },
    };
  }

  /** Everything that is allocated, read page by page. */
  async allocations(): Promise<readonly Allocation[]> {
    const all: Allocation[] = [];
    for (let after = ''; ; ) {
      const response = await this.agent.request('GET', `/v1/allocations?limit=500${after}`);
      if (response.status !== 200) throw new Error(`GET /v1/allocations: ${response.text}`);
      const page = response.body as { allocations: readonly Allocation[]; next?: string };
      all.push(...page.allocations);
      if (page.next === undefined) return all;
      after = `&after=${page.next}`;
    }
  }

  /** The pools by name, and the problems of the folder. */
  async pools(): Promise<{ byName: ReadonlyMap<string, PoolCounts>; problems: readonly string[] }> {
    const response = await this.agent.request('GET', '/v1/pools');
    if (response.status !== 200) throw new Error(`GET /v1/pools: ${response.text}`);
    const { pools, problems } = response.body as {
      pools: readonly PoolCounts[];
      problems: readonly string[];
    };
    return { byName: new Map(pools.map((pool) => [pool.name, pool])), problems };
  }

  /** The counts of a pool that has to exist. */
  async pool(name: string): Promise<PoolCounts> {
    const pool = (await this.pools()).byName.get(name);
    if (pool === undefined) throw new Error(`there is no pool ${name}`);
    return pool;
  }

  /** Names of the files in the tombstone folder. */
  tombstones(): readonly string[] {
    const folder = join(this.agent.dataDir, 'tombstones');
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

type NodeOptions = Omit<StartAgentOptions, 'folder' | 'sandbox'>;

/** Starts an agent in a folder of its own. Enough for all that needs no real network. */
export async function startNode(options: NodeOptions = {}): Promise<TestNode> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const agent = stack.use(await startAgent({ ...options, folder: folder.path }));
  return new TestNode(agent, undefined, stack.move());
}

/** Starts an agent on a node with network and mount namespaces of its own. @param prepare runs before the agent starts */
export async function startSandboxNode(
  options: NodeOptions = {},
  prepare?: (sandbox: Sandbox, folder: string) => Promise<void>,
): Promise<TestNode> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await createSandbox());
  const folder = join(sandbox.folder, 'agent');
  await mkdir(folder);
  await prepare?.(sandbox, folder);
  const agent = stack.use(await startAgent({ ...options, folder, sandbox }));
  return new TestNode(agent, sandbox, stack.move());
}
