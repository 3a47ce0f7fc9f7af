import { agentComponent, componentLabel } from '../../../src/cluster/kubernetes/pod-life.ts';
import { isFinished, parsePodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { listPages } from '../../../src/migration/list-pages.ts';
import { type Attempt, CommandFailedError, persist } from '../persist.ts';
import { patience, type UninstallContext } from './uninstall-context.ts';

const pageLimit = 500;
/** Pods that a message names; the others are counted. */
const namedMax = 10;
/** As in the manifests, and in the original's. */
const controllerComponent = 'spiderpool-controller';

interface RunningPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly isAgent: boolean;
}

/**
 * Waits until neither an agent nor a controller runs in the namespace: a controller would put finalizers back, an agent would write records.
 * A pod that is being deleted works on until it is gone.
 *
 * @returns whether a Spiderpool of another namespace has the custom resources too
 * @throws CommandFailedError when some are left, or when data is to be deleted that others use
 */
export async function awaitNoPods(context: UninstallContext, data: boolean): Promise<boolean> {
  const what = 'waiting for the end of agents and controllers';
  const advice = `Remove the DaemonSet and the Deployment (helm uninstall, or kubectl -n ${context.namespace} delete daemonset,deployment -l app.kubernetes.io/name=spiderpool); of a node that is gone for good, delete the pod with --force. Then run this again: nothing was changed`;
  const others = await persist(
    patience(context, what, advice),
    async (signal): Promise<Attempt<readonly RunningPod[]>> => {
      const pods = await runningPods({ ...context, signal });
      const own = pods.filter(({ namespace }) => namespace === context.namespace);
      if (own.length === 0) return { done: pods };
      if (!context.dryRun) return { waitsFor: `${own.length} pods still run: ${describe(own)}` };
      context.report(`it would wait for ${own.length} pods: ${describe(own)}`);
      return { done: pods.filter((pod) => !own.includes(pod)) };
    },
  );
  if (others.length === 0) return false;
  if (data) {
    const text = `another Spiderpool runs and uses the same pools and records (${describe(others)}): nothing was deleted. Remove it first, or run this without --data`;
    if (!context.dryRun) throw new CommandFailedError(text);
    context.report(`it would be refused: ${text}`);
  }
  return true;
}

async function runningPods({ api, signal }: UninstallContext): Promise<readonly RunningPod[]> {
  const running: RunningPod[] = [];
  const path = resourcePath(kubeResources.pods);
  const labelSelector = `${componentLabel} in (${agentComponent}, ${controllerComponent})`;
  for await (const items of listPages(api, { path, limit: pageLimit, labelSelector, signal })) {
    for (const pod of items.map(parsePodView)) {
      if (isFinished(pod)) continue;
      const { namespace, name, nodeName = '', labels } = pod;
      running.push({ namespace, name, node: nodeName, isAgent: labels?.[componentLabel] === agentComponent });
    }
  }
  return running;
}

function describe(pods: readonly RunningPod[]): string {
  const named = pods.slice(0, namedMax).map(({ namespace, name, node, isAgent }) => {
    const kind = isAgent ? 'agent' : 'controller';
    return `${kind} ${namespace}/${name} on ${node === '' ? 'no node yet' : `node ${node}`}`;
  });
  const unnamed = pods.length - named.length;
  return `${named.join(', ')}${unnamed > 0 ? ` and ${unnamed} more` : ''}`;
}
