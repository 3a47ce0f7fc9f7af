import { join } from 'node:path';
import { buildFailureText, completeFindOptions, type FindToolsOptions, provideGoTools } from './go-tools.ts';
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

const tools = kubernetesTools(['kubelet', 'kube-controller-manager', 'kube-scheduler']);

/**
 * Finds kubelet, kube-controller-manager and kube-scheduler of the version in `test/tools/go.mod` in the user's cache, else builds them
 * there with Go. Safe to be called by several processes at once.
 * @throws NodeExecutablesError with one line that says what to do
 */
export async function findNodeExecutables(options: FindToolsOptions = {}): Promise<NodeExecutables> {
  try {
    const folder = await provideGoTools(tools, completeFindOptions(options));
    return {
      kubelet: join(folder, 'kubelet'),
      kubeControllerManager: join(folder, 'kube-controller-manager'),
      kubeScheduler: join(folder, 'kube-scheduler'),
    };
  } catch (error) {
    const message = `kubelet, kube-controller-manager and kube-scheduler can't be built: install Go 1.24 or newer (${buildFailureText(error)})`;
    throw new NodeExecutablesError(message, { cause: error });
  }
}
