import { join } from 'node:path';
import {
  buildFailureText,
  completeFindOptions,
  type FindToolsOptions,
  type GoTools,
  isExecutable,
  provideGoTools,
} from './go-tools.ts';
import { kubernetesTools } from './kubernetes-tools.ts';
import { CommandError, runCommand } from './run-command.ts';

/** What a control plane in tests consists of: paths. */
export interface KubeExecutables {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
}

/** The executables are neither installed nor can they be built; the message is one line that says what to do. */
export class KubeExecutablesError extends Error {
  override readonly name = 'KubeExecutablesError';
  readonly code = 'SP_KUBE_EXECUTABLES_MISSING';
}

export interface FindKubeExecutablesOptions extends FindToolsOptions {
  /** Read for KUBEBUILDER_ASSETS, too. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

const etcdTools: GoTools = {
  name: 'etcd',
  module: 'go.etcd.io/etcd/server/v3',
  packages: { etcd: '' },
};
const kubernetes = kubernetesTools(['kube-apiserver', 'kubectl']);
/** The first version that the project is tested with; older ones differ in CEL and in watches. */
const minorMin = 34;

/**
 * Finds etcd, kube-apiserver and kubectl: in KUBEBUILDER_ASSETS (all three, of Kubernetes 1.34 or newer), in the user's cache, else builds
 * the versions of `test/tools/go.mod` into the cache with Go. Safe to be called by several processes at once.
 * @throws KubeExecutablesError with one line that says what to do
 */
export async function findKubeExecutables(
  options: FindKubeExecutablesOptions = {},
): Promise<KubeExecutables> {
  const { env, onProgress } = completeFindOptions(options);
  const assets = env['KUBEBUILDER_ASSETS'];
  let reason = '';
  if (assets) {
    const found = executablesIn(assets, assets);
    const refusal = await refusalOf(found);
    if (refusal === undefined) return found;
    reason = `KUBEBUILDER_ASSETS is of no use: ${refusal}`;
    onProgress(`› ${reason}`);
  }
  const folders = [];
  for (const tools of [etcdTools, kubernetes]) {
    try {
      folders.push(await provideGoTools(tools, { env, onProgress }));
    } catch (error) {
      throw missing(reason, error);
    }
  }
  const [etcd = '', kube = ''] = folders;
  return executablesIn(etcd, kube);
}

function executablesIn(etcdFolder: string, kubernetesFolder: string): KubeExecutables {
  return {
    etcd: join(etcdFolder, 'etcd'),
    kubeApiserver: join(kubernetesFolder, 'kube-apiserver'),
    kubectl: join(kubernetesFolder, 'kubectl'),
  };
}

/** @returns why these can't be used, in a few words */
async function refusalOf(executables: KubeExecutables): Promise<string | undefined> {
  for (const file of Object.values(executables)) {
    if (!(await isExecutable(file))) return `there is no executable ${file}`;
  }
  const file = executables.kubeApiserver;
  try {
    const { stdout } = await runCommand(file, ['--version']);
    const [version, major, minor] = /\bv(\d+)\.(\d+)\.\S+/.exec(stdout) ?? [];
    // Built without the release’s link flags, as others may have done, it calls itself v0.0.0.
    if (major === '0' || Number(major) > 1 || (major === '1' && Number(minor) >= minorMin)) return undefined;
    return `${file} is of version ${version ?? 'unknown'}, 1.${minorMin} or newer is needed`;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}

function missing(assetsReason: string, cause: unknown): KubeExecutablesError {
  const reason = [assetsReason, buildFailureText(cause)].filter(Boolean).join('; ');
  const message =
    `etcd, kube-apiserver and kubectl not found: set KUBEBUILDER_ASSETS to a folder with them (Kubernetes 1.${minorMin} or newer), ` +
    `or install Go 1.24 or newer to have them built (${reason})`;
  return new KubeExecutablesError(message, { cause });
}
