import { accessSync, constants } from 'node:fs';
import { defaultPaths } from '../../src/config/paths.ts';
import type { KubeApi } from '../../src/kube/kube-api.ts';
import { KubeconfigError } from '../../src/kube/kubeconfig-error.ts';
import { AgentClient } from './agent-client.ts';
import { AgentSource } from './agent-source.ts';
import type { OpenedKubeApi } from './cluster/open-kube-api.ts';
import { CtlError } from './ctl-error.ts';
import type { OutputFormat, Session } from './session.ts';
import type { Source } from './source.ts';
import type { UserConsole } from './user-console.ts';

/** The switches that every command has. */
export interface GlobalOptions {
  readonly socket?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
  readonly output: OutputFormat;
  readonly yes?: boolean;
}

const clusterHint =
  'Or ask a cluster: with --kubeconfig, or without --socket with KUBECONFIG or ~/.kube/config';

/**
 * A session made of the command line. Who answers is looked for when it is first asked for; what talks to an API server is loaded only
 * then, so that the socket's answers are as quick as before.
 */
export class CommandSession implements Session, AsyncDisposable {
  readonly console: UserConsole;
  readonly signal: AbortSignal;
  readonly #options: GlobalOptions;
  readonly #stack = new AsyncDisposableStack();
  #source: Promise<Source> | undefined;
  #cluster: Promise<OpenedKubeApi> | undefined;

  constructor(options: GlobalOptions, console: UserConsole, signal: AbortSignal) {
    this.#options = options;
    this.console = console;
    this.signal = signal;
  }

  get output(): OutputFormat {
    return this.#options.output;
  }

  get yes(): boolean {
    return this.#options.yes ?? false;
  }

  get namespace(): string {
    return this.#options.namespace;
  }

  source(): Promise<Source> {
    this.#source ??= this.#openSource();
    return this.#source;
  }

  async kubeApi(): Promise<KubeApi> {
    if (this.#options.socket !== undefined) {
      throw new CtlError('CTL_USAGE', 'this is work on a cluster: leave out --socket');
    }
    return (await this.#openCluster()).api;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.console.clearProgress();
    await this.#stack.disposeAsync();
  }

  async #openSource(): Promise<Source> {
    const { socket, kubeconfig, context } = this.#options;
    if (socket !== undefined) return this.#agent(socket);
    const isClusterNamed = kubeconfig !== undefined || context !== undefined;
    if (!isClusterNamed && mayOpen(defaultPaths.socket)) return this.#agent(defaultPaths.socket);
    try {
      const { ClusterSource } = await import('./cluster/cluster-source.ts');
      const { api, title } = await this.#openCluster();
      const { console, signal, namespace } = this;
      return this.#stack.use(
        new ClusterSource({ api, title, namespace, signal, progress: (text) => console.progress(text) }),
      );
    } catch (error) {
      if (isClusterNamed || !(error instanceof KubeconfigError)) throw error;
      // Nothing names a cluster either: the agent's absence is told, with both ways out.
      return this.#agent(defaultPaths.socket);
    }
  }

  #agent(socket: string): Source {
    const hint = this.#options.socket === undefined ? clusterHint : undefined;
    return new AgentSource(
      new AgentClient(socket, hint === undefined ? {} : { awayHint: hint }),
      this.signal,
    );
  }

  #openCluster(): Promise<OpenedKubeApi> {
    this.#cluster ??= this.#connect();
    return this.#cluster;
  }

  async #connect(): Promise<OpenedKubeApi> {
    const { openKubeApi } = await import('./cluster/open-kube-api.ts');
    const { kubeconfig, context } = this.#options;
    const opened = openKubeApi({
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
    });
    this.#stack.use(opened.api);
    return opened;
  }
}

function mayOpen(path: string): boolean {
  try {
    // Connecting to a socket takes the right to write (unix(7)).
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
