import { join } from 'node:path';
import { provideGoTools } from './go-tools.ts';
import { kubernetesTools } from './kubernetes-tools.ts';

/** What a cluster with nodes consists of beside {@link KubeExecutables}: paths. */
export interface NodeExecutables {
  readonly kubelet: string;
  readonly kubeControllerManager: string;
  readonly kubeScheduler: string;
}

/** The executables are not there and can't be built; the message is one line that says what to do. */
export class NodeExecutablesError extends Error {
  override readonly name = 'NodeExecutablesError';
  readonly code = 'SP_NODE_EXECUTABLES_MISSING';
}

export interface FindNodeExecutablesOptions {
  /** Read for XDG_CACHE_HOME, HOME, PATH and Go's own variables. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Told before something takes minutes. @default prints on stderr */
  readonly onProgress?: (message: string) => void;
}

const tools = kubernetesTools(['kubelet', 'kube-controller-manager', 'kube-scheduler']);

/**
 * Finds kubelet, kube-controller-manager and kube-scheduler of the version in `test/tools/go.mod` in the user's cache, else builds them
 * there with Go. Safe to be called by several processes at once.
 * @throws NodeExecutablesError with one line that says what to do
 */
export async function findNodeExecutables(
  options: FindNodeExecutablesOptions = {},
): Promise<NodeExecutables> {
  const { env = process.env, onProgress = (message: string): void => console.error(message) } = options;
  try {
    const folder = await provideGoTools(tools, { env, onProgress });
    return {
      kubelet: join(folder, 'kubelet'),
      kubeControllerManager: join(folder, 'kube-controller-manager'),
      kubeScheduler: join(folder, 'kube-scheduler'),
    };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const message = `kubelet, kube-controller-manager and kube-scheduler can't be built: install Go 1.24 or newer (${reason})`;
    throw new NodeExecutablesError(message, { cause: error });
  }
}
