import {
  agentComponent,
  componentLabel,
  type PodLife,
  parsePodLife,
} from '../cluster/kubernetes/pod-life.ts';
import { isFinished } from '../cluster/kubernetes/pod-view.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import { listPages } from './list-pages.ts';
import { MigrationError } from './migration-error.ts';

const pageLimit = 500;
/** Pods that a message names; of a DaemonSet the first few tell which one it is. */
const namesMax = 3;

const advice = {
  original:
    'they would go on writing to the status of the pools: remove the DaemonSet of the original Spiderpool (keep its manifest), wait until its pods are gone, and try again',
  ours: 'they would go on writing records: remove their DaemonSet (or stop the systemd units), wait until the pods are gone, and try again',
} as const satisfies Record<NonNullable<PodLife['agent']>, string>;

/**
 * Makes sure that no agent of a kind runs, by a fresh reading.
 *
 * @throws MigrationError with code MIGRATION_AGENTS_RUN; KubeError, or the signal's reason
 */
export async function refuseWhileAgentsRun(
  api: KubeApi,
  kind: NonNullable<PodLife['agent']>,
  signal: AbortSignal,
): Promise<void> {
  const running: string[] = [];
  const pages = listPages(api, {
    path: resourcePath(kubeResources.pods),
    limit: pageLimit,
    labelSelector: `${componentLabel}=${agentComponent}`,
    signal,
  });
  for await (const items of pages) {
    for (const pod of items.map(parsePodLife)) {
      // One that is being deleted works on until it is gone.
      if (pod.agent === kind && !isFinished(pod)) running.push(`${pod.namespace}/${pod.name}`);
    }
  }
  if (running.length === 0) return;
  const untold = running.length - namesMax;
  const names = `${running.slice(0, namesMax).join(', ')}${untold > 0 ? ` and ${untold} more` : ''}`;
  const whose = kind === 'original' ? 'of the original Spiderpool' : 'of this Spiderpool';
  throw new MigrationError('MIGRATION_AGENTS_RUN', `agents ${whose} run (pods ${names}): ${advice[kind]}`);
}
