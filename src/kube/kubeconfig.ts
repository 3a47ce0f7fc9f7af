import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import {
  type Cluster,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js';
import { KubeconfigError } from './kubeconfig-error.ts';
import { kubeconfigPaths, readKubeconfigFiles } from './kubeconfig-files.ts';

// Of the client package only the modules that are needed are loaded. Its class KubeConfig brings every generated API class, an OpenID
// client, proxies and WebSockets: 11 MiB of memory and 60 ms at start even where a bundle holds it unused. What only it can do is
// refused: the legacy providers (azure and gcp are gone from Kubernetes too; all of them have credential plugins) and proxies.

/** A pod's service account (Kubernetes documentation, "Accessing the API from within a Pod"). */
const serviceAccountFolderDefault = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Files of credentials are read again this often; the kubelet renews a token long before it ends. */
const credentialsMsMax = 60_000;

/** A credential plugin that takes longer hangs. */
const providerMsMax = 30_000;

/** What a TLS connection to the API server needs. */
export interface KubeTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Who this process is for the API server. */
export interface KubeCredentials {
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same object as before while its content is the same. */
  readonly tls: KubeTls;
}

/** Where a kubeconfig is looked for. */
export interface KubeconfigOptions {
  /** @default the files of KUBECONFIG, `~/.kube/config`, the pod's service account */
  readonly file?: string;
  /** Name of the context. @default the `current-context` of the files */
  readonly context?: string;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  /** @default '/var/run/secrets/kubernetes.io/serviceaccount' */
  readonly serviceAccountFolder?: string;
}

/** The API server to talk to, and the credentials for it, which are read again as they are renewed. */
export class Kubeconfig {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before every request's own; empty for most. */
  readonly pathPrefix: string;
  readonly #cluster: Cluster;
  readonly #user: User;
  #execAuth = new ExecAuth();
  #credentials: KubeCredentials | undefined;
  #readMs = 0;
  #reading: Promise<KubeCredentials> | undefined;

  private constructor(cluster: Cluster, user: User) {
    if (cluster.proxyUrl !== undefined) {
      throw new KubeconfigError(`cluster ${cluster.name} has a proxy-url, which is not supported`);
    }
    if (
      user.authProvider &&
      ![new ExecAuth(), new FileAuth()].some((provider) => provider.isAuthProvider(user))
    ) {
      throw new KubeconfigError(
        `user ${user.name} has an auth-provider, which is not supported: use a credential plugin (exec), a token or a certificate`,
      );
    }
    if (!URL.canParse(cluster.server) || !/^https?:/.test(cluster.server)) {
      throw new KubeconfigError(`cluster ${cluster.name} has no URL of an API server: ${cluster.server}`);
    }
    const { origin, pathname } = new URL(cluster.server);
    this.origin = origin;
    this.pathPrefix = pathname === '/' ? '' : pathname;
    this.#cluster = cluster;
    this.#user = user;
  }

  /**
   * Finds the API server and the user.
   *
   * @throws KubeconfigError
   */
  static load(options: KubeconfigOptions = {}): Kubeconfig {
    const environment = options.environment ?? process.env;
    const paths = kubeconfigPaths(options.file, environment);
    if (paths.length > 0) return new Kubeconfig(...ofFiles(paths, options.context));
    if (options.context !== undefined) {
      throw new KubeconfigError(
        `there is no kubeconfig that could have the context ${options.context}: name one (KUBECONFIG)`,
      );
    }
    return new Kubeconfig(
      ...ofServiceAccount(environment, options.serviceAccountFolder ?? serviceAccountFolderDefault),
    );
  }

  /**
   * The credentials of now; costs nothing most of the time.
   *
   * @throws KubeconfigError when they can't be read and never could
   */
  async credentials(): Promise<KubeCredentials> {
    const current = this.#credentials;
    if (current !== undefined && performance.now() - this.#readMs < credentialsMsMax) return current;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The API server did not take the credentials: they are read anew for the next request. */
  renew(refused: KubeCredentials): void {
    // Of many requests that were refused at once, the first renews for all.
    if (this.#credentials !== refused) return;
    this.#readMs = Number.NEGATIVE_INFINITY;
    // The library's cache of plugin answers knows only their expiry, no refusal.
    this.#execAuth = new ExecAuth();
  }

  async #read(): Promise<KubeCredentials> {
    const before = this.#credentials;
    try {
      const headers: Record<string, string> = {};
      const fromProvider = await this.#askProvider();
      if (fromProvider.authorization !== undefined) headers['authorization'] = fromProvider.authorization;
      if (this.#user.impersonateUser) headers['impersonate-user'] = this.#user.impersonateUser;
      const tls = this.#readTls(fromProvider);
      this.#credentials = {
        headers,
        tls: before !== undefined && isSameTls(before.tls, tls) ? before.tls : tls,
      };
    } catch (error) {
      // A file that is being replaced right now: what was good a moment ago mostly still is.
      if (before === undefined) throw error;
      this.#credentials = { ...before };
    }
    this.#readMs = performance.now();
    return this.#credentials;
  }

  async #askProvider(): Promise<ProviderAnswer> {
    const { token, username, password } = this.#user;
    if (token) return { authorization: `Bearer ${token.trim()}` };
    if (username) {
      const text = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
      return { authorization: `Basic ${text}` };
    }
    const options: { headers: OutgoingHttpHeaders; cert?: string; key?: string } = { headers: {} };
    try {
      await withinMs(providerMsMax, this.#applyProvider(options));
    } catch (error) {
      // Messages of plugins are their own; what they printed may hold a secret.
      const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      throw new KubeconfigError(`credentials of user ${this.#user.name} can't be read${reason}`, {
        cause: error,
      });
    }
    const { headers, ...certificate } = options;
    const authorization = headers['Authorization'];
    // FileAuth leaves a line feed at the end of a token, which no header may have.
    return typeof authorization === 'string'
      ? { ...certificate, authorization: authorization.trim() }
      : certificate;
  }

  async #applyProvider(options: RequestOptions): Promise<void> {
    const user = this.#user;
    // FileAuth keeps a token for a minute even when it was refused: a new one reads the file.
    const providers = [this.#execAuth, new FileAuth()];
    await providers.find((provider) => provider.isAuthProvider(user))?.applyAuthentication(user, options);
  }

  #readTls(fromProvider: ProviderAnswer): KubeTls {
    const { caFile, caData, tlsServerName, skipTLSVerify } = this.#cluster;
    const { certFile, certData, keyFile, keyData } = this.#user;
    const ca = readPem(caFile, caData);
    const cert = fromProvider.cert ?? readPem(certFile, certData);
    const key = fromProvider.key ?? readPem(keyFile, keyData);
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tlsServerName ? { servername: tlsServerName } : {}),
      ...(skipTLSVerify ? { rejectUnauthorized: false } : {}),
    };
  }
}

interface ProviderAnswer {
  readonly authorization?: string;
  readonly cert?: string;
  readonly key?: string;
}

function ofServiceAccount(environment: NodeJS.ProcessEnv, folder: string): [Cluster, User] {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  if (host === '') {
    throw new KubeconfigError(
      'no way to an API server: there is no kubeconfig (KUBECONFIG, ~/.kube/config), and this is not a pod of a cluster',
    );
  }
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  // Always TLS, unlike the library, which would send the token in the clear to ports 80, 8080 and 8001.
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return [
    { name: 'in-cluster', server, caFile: join(folder, 'ca.crt'), skipTLSVerify: false },
    { name: 'service-account', authProvider: tokenFileProvider(join(folder, 'token')) },
  ];
}

function ofFiles(paths: readonly string[], asked: string | undefined): [Cluster, User] {
  const where = paths.join(', ');
  const raw = readKubeconfigFiles(paths);
  const wanted = asked ?? raw.currentContext;
  if (wanted === undefined) throw new KubeconfigError(`kubeconfig ${where} has no current-context`);
  try {
    const context = newContexts(raw.contexts).find(({ name }) => name === wanted);
    const cluster = newClusters(raw.clusters).find(({ name }) => name === context?.cluster);
    if (context === undefined || cluster === undefined) {
      throw new KubeconfigError(`kubeconfig ${where} has no cluster for its context ${wanted}`);
    }
    const user = newUsers(raw.users.map(asLibraryReads)).find(({ name }) => name === context.user);
    return [cluster, user ?? { name: 'anonymous' }];
  } catch (error) {
    if (error instanceof KubeconfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`kubeconfig ${where}: ${reason}`);
  }
}

/** A user of a kubeconfig in the form in which the library does what kubectl does. */
function asLibraryReads(entry: Readonly<Record<string, unknown>>): unknown {
  const user = entry['user'];
  if (typeof user !== 'object' || user === null) return entry;
  const { tokenFile, exec } = user as { readonly tokenFile?: unknown; readonly exec?: unknown };
  if (typeof tokenFile === 'string') {
    // The library does not know this field, and reads the one that it takes for it only once.
    return { ...entry, user: { ...user, token: undefined, 'auth-provider': tokenFileProvider(tokenFile) } };
  }
  if (typeof exec !== 'object' || exec === null) return entry;
  const { apiVersion, env } = exec as { readonly apiVersion?: unknown; readonly env?: unknown };
  // The library tells a plugin nothing, but plugins ask which version to answer in (client-go credential plugins, "Input format").
  const value = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const told = [...(Array.isArray(env) ? env : []), { name: 'KUBERNETES_EXEC_INFO', value }];
  return { ...entry, user: { ...user, exec: { ...exec, env: told } } };
}

function tokenFileProvider(tokenFile: string): { readonly name: string; readonly config: unknown } {
  return { name: 'tokenFile', config: { tokenFile } };
}

function readPem(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file) {
    try {
      return readFileSync(file);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      throw new KubeconfigError(`${file} can't be read: ${code}`, { cause: error });
    }
  }
  return data ? Buffer.from(data, 'base64') : undefined;
}

function isSameTls(a: KubeTls, b: KubeTls): boolean {
  return (['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const).every(
    (key) => String(a[key]) === String(b[key]),
  );
}

async function withinMs<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
