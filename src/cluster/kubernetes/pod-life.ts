import { isObject } from '../../api/decode.ts';
import { type PodView, parsePodView } from './pod-view.ts';

/** What the garbage collection needs to know of any pod of the cluster: less than a node keeps of its own. */
export interface PodLife
  extends Pick<
    PodView,
    | 'namespace'
    | 'name'
    | 'uid'
    | 'configHash'
    | 'nodeName'
    | 'deleting'
    | 'deletionGraceSeconds'
    | 'phase'
    | 'reason'
    | 'restartPolicy'
    | 'controller'
  > {
  /** `status.podIPs` has an entry. */
  readonly hasAddress: boolean;
  /** It shares the network of its node, and has no address of its own. */
  readonly usesHostNetwork: boolean;
  /** It is an agent of this project or of the original: `app.kubernetes.io/component` and its images tell which. */
  readonly agent?: 'ours' | 'original';
}

/** Label of the pods of agents, the original's too, and its value. */
export const componentLabel = 'app.kubernetes.io/component';
export const agentComponent = 'spiderpool-agent';

/** Label that only this project's agents carry, so that they are told from the original's. */
export const ledgerLabel = 'ipam.spidernet.io/ledger';

/**
 * Reads a pod.
 *
 * @throws MalformedObjectError when it is no pod of an API server
 */
export function parsePodLife(object: unknown): PodLife {
  const { labels, annotations: _annotations, ...view } = parsePodView(object);
  const { spec, status } = isObject(object) ? object : {};
  const podIPs = isObject(status) ? status['podIPs'] : undefined;
  const agent = agentOf(labels);
  return {
    ...view,
    hasAddress: Array.isArray(podIPs) && podIPs.length > 0,
    usesHostNetwork: isObject(spec) && spec['hostNetwork'] === true,
    ...(agent && { agent }),
  };
}

function agentOf(labels: PodView['labels']): PodLife['agent'] {
  if (labels?.[componentLabel] !== agentComponent) return undefined;
  return labels[ledgerLabel] === undefined ? 'original' : 'ours';
}
