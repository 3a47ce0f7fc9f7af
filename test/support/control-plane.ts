import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminClient, type AdminRequestOptions, type AdminResponse } from './admin-client.ts';
import {
  adminToken,
  apiServerArguments,
  etcdArguments,
  kubeletToken,
  tokensText,
} from './control-plane-arguments.ts';
import { applyPolicies, bindRoles, createCrds } from './deploy-files.ts';
import { freePort } from './free-port.ts';
import { findKubeExecutables, type KubeExecutables } from './kube-executables.ts';
import { kubeconfigText } from './kubeconfig-text.ts';
import { parseRequestCounts, type RequestCount } from './request-counts.ts';
import { runOrThrow } from './run-command.ts';
import { ServerProcess } from './server-process.ts';
import { ServiceAccountKeys } from './service-account-keys.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import { vanishingFolder } from './vanishing-folder.ts';

/** A ServiceAccount. */
export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

export interface KubeconfigOptions {
  /** Base address to talk to, such as a proxy's. @default the API server itself */
  readonly server?: string;
  /** How long the token is taken, seconds; see {@link ServiceAccountKeys.token}. @default 3600 */
  readonly expiresInSeconds?: number;
  /** The node that the token names, as that of a pod does; the Node is made where it is missing. @default none */
  readonly node?: string;
}

/** The control plane did not get ready; the message has the end of its log. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
  readonly code = 'SP_CONTROL_PLANE_START';
}

/** It is ready in 3 s; a loaded machine gets its time. */
const startTimeoutMs = 120_000;
/** Another process may take a port between our look at it and the start of the server. */
const portTriesMax = 5;
const pollMs = 50;

/**
 * A real etcd and a real kube-apiserver with RBAC; no controller manager, scheduler or kubelet: pods do nothing of their own, and nobody
 * collects garbage. Hold it with `await using`; it vanishes with this process, however that ends.
 */
export class ControlPlane implements AsyncDisposable {
  /** Private to this plane, removed with it. */
  readonly folder: string;
  /** Certificates that the API server's own can be checked with. */
  readonly caFile: string;
  /** Key and certificate that the API server serves with. */
  readonly servingKeyFile: string;
  /** Path of a kubeconfig with all rights. */
  readonly adminKubeconfig: string;
  readonly #temporary: TemporaryFolder;
  readonly #executables: KubeExecutables;
  readonly #keys: ServiceAccountKeys;
  readonly #address: string;
  readonly #hasNodes: boolean;
  readonly #etcd: ServerProcess;
  #port = 0;
  #apiServer: ServerProcess | undefined;
  #admin: AdminClient | undefined;
  #kubeconfigs = 0;

  /** Use {@link startControlPlane}. */
  constructor(
    temporary: TemporaryFolder,
    executables: KubeExecutables,
    keys: ServiceAccountKeys,
    options: StartControlPlaneOptions = {},
  ) {
    this.#temporary = temporary;
    this.#executables = executables;
    this.#keys = keys;
    this.#address = options.address ?? '127.0.0.1';
    this.#hasNodes = options.nodes !== undefined;
    this.folder = temporary.path;
    this.caFile = join(this.folder, 'certs', 'apiserver.crt');
    this.servingKeyFile = join(this.folder, 'certs', 'apiserver.key');
    this.adminKubeconfig = join(this.folder, 'admin.kubeconfig');
    this.#etcd = new ServerProcess({
      executable: executables.etcd,
      args: etcdArguments(),
      folder: this.folder,
      logFile: join(this.folder, 'etcd.log'),
    });
  }

  /** Base address of the API server; stays the same when it is started again. */
  get url(): string {
    return `https://${this.#address}:${this.#port}`;
  }

  /** Signs the tokens of ServiceAccounts. */
  get serviceAccountKeyFile(): string {
    return this.#keys.privateFile;
  }

  /** Undefined while it is not running. */
  get apiServerPid(): number | undefined {
    return this.#apiServer?.isRunning === true ? this.#apiServer.pid : undefined;
  }

  get etcdPid(): number | undefined {
    return this.#etcd.isRunning ? this.#etcd.pid : undefined;
  }

  /** One request with all rights; see {@link AdminClient.request}. */
  async adminRequest(
    method: string,
    path: string,
    body?: unknown,
    options?: AdminRequestOptions,
  ): Promise<AdminResponse> {
    if (this.#admin === undefined) throw new ControlPlaneError('the API server is not running');
    return this.#admin.request(method, path, body, options);
  }

  /** Makes the ServiceAccount, and its namespace, where they are missing. It has the rights that everybody has. */
  async createAccount({ namespace, name }: AccountName): Promise<{ readonly uid: string }> {
    await this.ensure('/api/v1/namespaces', { metadata: { name: namespace } });
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await this.ensure(path, { metadata: { name } });
    const { body } = await this.adminRequest('GET', `${path}/${name}`);
    return { uid: uidOf(body) };
  }

  /** @returns a token of the ServiceAccount, which is made where it is missing, as is the node that it is to name */
  async tokenFor(account: AccountName, expiresInSeconds = 3600, node?: string): Promise<string> {
    const { uid } = await this.createAccount(account);
    const named = node === undefined ? undefined : { name: node, uid: await this.#nodeUid(node) };
    return this.#keys.token({ ...account, uid }, expiresInSeconds, named);
  }

  /** @returns path of a new kubeconfig of the ServiceAccount, which is made where it is missing */
  async kubeconfigFor(account: AccountName, options: KubeconfigOptions = {}): Promise<string> {
    const { server = this.url, expiresInSeconds, node } = options;
    const token = await this.tokenFor(account, expiresInSeconds, node);
    this.#kubeconfigs += 1;
    return this.#writeKubeconfig(join(this.folder, `account-${this.#kubeconfigs}.kubeconfig`), server, token);
  }

  /** @returns path of a kubeconfig of the kubelet of a node that {@link startControlPlane} was told of */
  async kubeletKubeconfig(node: string): Promise<string> {
    return this.#writeKubeconfig(join(this.folder, `${node}.kubeconfig`), this.url, kubeletToken(node));
  }

  /** Gives the ServiceAccount the rights that `deploy/manifests` gives to the agent. */
  async bindAgentRole(account: AccountName): Promise<void> {
    await this.createAccount(account);
    await bindRoles(this, account, 'spiderpool-agent');
  }

  /** Gives the ServiceAccount the rights that `deploy/manifests` gives to the controller. */
  async bindControllerRole(account: AccountName): Promise<void> {
    await this.createAccount(account);
    await bindRoles(this, account, 'spiderpool-controller');
  }

  /** Puts the admission policies of `deploy/manifests` in force. */
  async applyPolicies(): Promise<void> {
    await applyPolicies(this);
  }

  /** POSTs an object; one of that name that exists already is fine. @throws Error on any other refusal */
  async ensure(path: string, object: object | string, contentType?: string): Promise<void> {
    const options = contentType === undefined ? {} : { contentType };
    const { status, text } = await this.adminRequest('POST', path, object, options);
    if (status !== 201 && status !== 409) throw new Error(`POST ${path}: ${status} ${text}`);
  }

  /** Runs kubectl with all rights. @throws CommandError when it fails */
  async kubectl(
    args: readonly string[],
    options: { readonly stdin?: string } = {},
  ): Promise<{ readonly stdout: string }> {
    const stdout = await runOrThrow(this.#executables.kubectl, args, {
      ...options,
      // It caches what the API server offers in HOME.
      env: { PATH: process.env['PATH'], HOME: this.folder, KUBECONFIG: this.adminKubeconfig },
    });
    return { stdout };
  }

  /** How many requests the API server has answered since its start, by `apiserver_request_total`. */
  async requestCounts(): Promise<readonly RequestCount[]> {
    return parseRequestCounts((await this.adminRequest('GET', '/metrics')).text);
  }

  /** Kills the API server as a crash does, and waits for its end. */
  async killApiServer(): Promise<void> {
    this.#admin?.[Symbol.dispose]();
    this.#admin = undefined;
    await this.#apiServer?.kill();
  }

  /** Starts the API server, on its port of before, and waits until it is ready. @throws ControlPlaneError */
  async startApiServer(): Promise<void> {
    if (this.apiServerPid !== undefined) throw new ControlPlaneError('the API server is running already');
    for (let tries = 1; ; tries += 1) {
      const isFirst = this.#port === 0;
      if (isFirst) this.#port = await freePort();
      const apiServer = new ServerProcess({
        executable: this.#executables.kubeApiserver,
        args: apiServerArguments({
          address: this.#address,
          port: this.#port,
          keys: this.#keys,
          hasNodes: this.#hasNodes,
        }),
        folder: this.folder,
        logFile: join(this.folder, `kube-apiserver-${this.#port}.log`),
      });
      this.#apiServer = apiServer;
      if (await this.#untilReady(apiServer)) return;
      const log = `${apiServer.logTail}\n${this.#etcd.isRunning ? '' : this.#etcd.logTail}`;
      await apiServer.kill();
      if (isFirst) this.#port = 0;
      if (!isFirst || tries === portTriesMax || !log.includes('address already in use')) {
        throw new ControlPlaneError(`kube-apiserver did not get ready:\n${log}`);
      }
    }
  }

  /** Stops etcd's process where it stands: requests hang until {@link resumeEtcd}. */
  pauseEtcd(): void {
    this.#etcd.signal('SIGSTOP');
  }

  /** Lets etcd go on. */
  resumeEtcd(): void {
    this.#etcd.signal('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killApiServer();
    await this.#etcd.kill();
    await this.#temporary[Symbol.asyncDispose]();
  }

  /** @returns false when the server ends or takes too long */
  async #untilReady(apiServer: ServerProcess): Promise<boolean> {
    const deadline = performance.now() + startTimeoutMs;
    while (apiServer.isRunning && performance.now() < deadline) {
      try {
        // Made anew while it fails: its certificate appears with the server's first start.
        this.#admin ??= new AdminClient(this.url, { caFile: this.caFile, token: adminToken });
        if ((await this.adminRequest('GET', '/readyz')).status === 200) {
          await this.#writeKubeconfig(this.adminKubeconfig, this.url, adminToken);
          return true;
        }
      } catch {
        // Not listening yet, or the certificate was read while it was being written: both are read anew.
        this.#admin?.[Symbol.dispose]();
        this.#admin = undefined;
      }
      await sleep(pollMs);
    }
    this.#admin?.[Symbol.dispose]();
    this.#admin = undefined;
    return false;
  }

  async #nodeUid(name: string): Promise<string> {
    await this.ensure('/api/v1/nodes', { metadata: { name } });
    const { body } = await this.adminRequest('GET', `/api/v1/nodes/${name}`);
    return uidOf(body);
  }

  async #writeKubeconfig(path: string, server: string, token: string): Promise<string> {
    await writeFile(path, kubeconfigText({ server, caFile: this.caFile, user: { token } }), { mode: 0o600 });
    return path;
  }
}

export interface StartControlPlaneOptions {
  /** Create the CustomResourceDefinitions of `deploy/chart/crds`. @default true */
  readonly crds?: boolean;
  /** Address that the API server serves and is known by. @default '127.0.0.1' */
  readonly address?: string;
  /** Names of nodes whose kubelets will come, with a controller manager beside them; `address` is one that they reach. @default none */
  readonly nodes?: readonly string[];
}

/**
 * Starts etcd and kube-apiserver and waits until they serve.
 * @throws KubeExecutablesError without executables, ControlPlaneError with the end of the log when they do not get ready
 */
export async function startControlPlane(options: StartControlPlaneOptions = {}): Promise<ControlPlane> {
  const executables = await findKubeExecutables();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await vanishingFolder());
  await mkdir(join(folder.path, 'certs'));
  await writeFile(join(folder.path, 'tokens.csv'), tokensText(options.nodes ?? []));
  const keys = await ServiceAccountKeys.create(folder.path);
  const plane = stack.use(new ControlPlane(folder, executables, keys, options));
  await plane.startApiServer();
  await plane.ensure('/api/v1/namespaces', { metadata: { name: 'default' } });
  if (options.crds ?? true) await createCrds(plane);
  stack.move();
  return plane;
}

function uidOf(object: unknown): string {
  const { metadata } = object as { metadata?: { uid?: unknown } };
  if (typeof metadata?.uid !== 'string') throw new Error('the object has no uid');
  return metadata.uid;
}
