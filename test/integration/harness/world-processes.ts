import assert from 'node:assert/strict';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, startAgent } from '../../support/agent.ts';
import type { ControlPlane } from '../../support/control-plane.ts';
import { type RunningController, startController } from '../../support/controller.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { tokenKubeconfig } from './token-kubeconfig.ts';
import type { ControllerOptions, WorldOptions } from './world-options.ts';

/** Account of all agents, as of a DaemonSet's. */
const account = { namespace: 'spiderpool', name: 'spiderpool-agent' } as const;
/** Account of all controllers, as of a Deployment's. */
const controllerAccount = { namespace: 'spiderpool', name: 'spiderpool-controller' } as const;
const clock = fileURLToPath(new URL('../../support/shift-clock.mjs', import.meta.url));
/** Enough of a log's end for a message. */
const tailCharacters = 6_000;

export interface WorldProcessesParts {
  readonly plane: ControlPlane;
  /** In front of all agents. */
  readonly proxy: FaultProxy | undefined;
  readonly options: WorldOptions;
  readonly folder: string;
  /** Ends what is started. */
  readonly stack: AsyncDisposableStack;
}

/** The agents and controllers of a cluster, each a process that may be ended, cut off and started again. */
export class WorldProcesses implements AsyncDisposable {
  readonly plane: ControlPlane;
  protected readonly folder: string;
  readonly #proxy: FaultProxy | undefined;
  readonly #options: WorldOptions;
  readonly #stack: AsyncDisposableStack;
  /** By the name of a node or a controller, where each has one of its own. */
  readonly #proxies = new Map<string, FaultProxy>();
  readonly #controllers = new Map<string, RunningController>();
  readonly #agents = new Map<string, RunningAgent>();

  constructor({ plane, proxy, options, folder, stack }: WorldProcessesParts) {
    this.plane = plane;
    this.folder = folder;
    this.#proxy = proxy;
    this.#options = options;
    this.#stack = stack;
  }

  /** The agents by the names of their nodes. */
  get agents(): ReadonlyMap<string, RunningAgent> {
    return this.#agents;
  }

  /** Starts the agent of a node, with the rights of the manifests and a token of that node. */
  async startAgent(node: string): Promise<void> {
    const { conf, env, tokenSeconds } = this.#options;
    await this.plane.bindAgentRole(account);
    const path = join(this.folder, node);
    await mkdir(path);
    const kubeconfig = join(path, 'kubeconfig');
    await writeFile(kubeconfig, tokenKubeconfig(this.plane, await this.#urlFor(node), join(path, 'token')));
    await this.#renewTokenOf(node, tokenSeconds);
    const agent = await startAgent({
      folder: path,
      kubeconfig,
      nodeName: node,
      config: { enableIPv4: true, enableIPv6: true, enableStatefulSet: true, ...conf },
      env: {
        SPIDERPOOL_POD_NAMESPACE: account.namespace,
        SPIDERPOOL_POD_NAME: `agent-${node}`,
        SPIDERPOOL_HEALTH_PORT: '0',
        ...this.#clockEnv,
        ...env,
      },
    });
    this.#agents.set(node, this.#stack.use(agent));
  }

  get proxy(): FaultProxy {
    return this.#proxy ?? assert.fail('this world was made without a proxy');
  }

  /** The proxy of one process, of a world that has one for each. */
  proxyOf(name: string): FaultProxy {
    return this.#proxies.get(name) ?? assert.fail(`${name} has no proxy of its own`);
  }

  /** Names of the nodes. */
  get nodes(): readonly string[] {
    return this.#options.nodes;
  }

  /** Names of all agents' nodes and of all controllers. */
  get processNames(): readonly string[] {
    return [...this.#agents.keys(), ...this.#controllers.keys()];
  }

  /** Starts a controller with the rights of the manifests. Whether it leads is another matter. */
  async startController(name: string, options: ControllerOptions = {}): Promise<RunningController> {
    await this.plane.bindControllerRole(controllerAccount);
    const server = await this.#urlFor(name);
    const controller = await startController({
      folder: join(this.folder, name),
      kubeconfig: await this.plane.kubeconfigFor(controllerAccount, { server }),
      podName: name,
      ...(options.conf && { config: options.conf }),
      env: { ...this.#clockEnv, ...options.env },
    });
    this.#controllers.set(name, this.#stack.use(controller));
    return controller;
  }

  controller(name: string): RunningController {
    return this.#controllers.get(name) ?? assert.fail(`no controller ${name}`);
  }

  /** The node agent or controller of that name. */
  #process(name: string): RunningAgent | RunningController {
    return this.#agents.get(name) ?? this.controller(name);
  }

  /** Ends an agent or a controller as a crash does. */
  async killProcess(name: string): Promise<void> {
    await this.#process(name).kill('SIGKILL');
  }

  /** Starts what was killed. */
  async startProcess(name: string): Promise<void> {
    await this.#process(name).start();
  }

  /** Lets the clock of a process jump an hour, there or back; see shift-clock.mjs. */
  shiftClock(name: string): void {
    const { pid } = this.#process(name);
    if (pid !== undefined) process.kill(pid, 'SIGUSR2');
  }

  agent(node: string): RunningAgent {
    return this.#agents.get(node) ?? assert.fail(`no node ${node}`);
  }

  /** Puts new tokens where the agents read theirs, as the kubelet does in time. */
  async renewToken(seconds?: number): Promise<void> {
    for (const node of this.#agents.keys()) await this.#renewTokenOf(node, seconds);
  }

  /** The ends of the logs of all processes. */
  logs(): string {
    return this.processNames
      .map((name) => `log of ${name}:\n${this.#process(name).log.slice(-tailCharacters)}`)
      .join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  /** The token of a node's agent names the node, as that of a DaemonSet's pod does. */
  async #renewTokenOf(node: string, seconds = 3_600): Promise<void> {
    const unfinished = join(this.folder, node, '.token');
    await writeFile(unfinished, await this.plane.tokenFor(account, seconds, node));
    await rename(unfinished, join(this.folder, node, 'token'));
  }

  get #clockEnv(): Readonly<Record<string, string>> {
    return this.#options.shiftsClocks === true ? { NODE_OPTIONS: `--import=${clock}` } : {};
  }

  /** Where a process finds the API server. */
  async #urlFor(name: string): Promise<string> {
    if (this.#options.throughProxy !== 'each') return this.#proxy?.url ?? this.plane.url;
    const proxy = this.#stack.use(await startFaultProxy(this.plane));
    this.#proxies.set(name, proxy);
    return proxy.url;
  }
}
