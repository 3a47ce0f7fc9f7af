import { parseNodeView } from '../../../src/cluster/kubernetes/node-view.ts';
import { isFinished, isPodUid, parsePodView } from '../../../src/cluster/kubernetes/pod-view.ts';
import { readObject } from '../../../src/cluster/kubernetes/read-object.ts';
import { CniError } from '../../../src/cni/error.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { Holder } from '../../../src/ledger/record.ts';
import type { NodeStateWord, PodNowShape, PodStateWord } from '../../../src/wire/cluster-shapes.ts';
import { podText } from '../../../src/wire/to-shapes.ts';

/** What became of holders, and what could not be read. */
export interface PodsNow {
  readonly pods: readonly PodNowShape[];
  readonly notes: readonly string[];
}

/**
 * Reads what became of the pods of these holders and of their nodes. What can't be read is not known and told: it must not hide who has
 * an address.
 */
export async function readPodsNow(
  api: KubeApi,
  holders: readonly Holder[],
  signal: AbortSignal,
): Promise<PodsNow> {
  const notes: string[] = [];
  const orUnknown = async <T>(reading: Promise<T>): Promise<T | 'unknown'> => {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      notes.push(error.message);
      return 'unknown';
    }
  };
  const pods = await Promise.all(
    holders.toReversed().map(async (holder): Promise<PodNowShape> => {
      const { uid, node, pod } = holder;
      const [state, nodeState] = await Promise.all([
        orUnknown(podState(api, holder, signal)),
        orUnknown(nodeStateOf(api, node, signal)),
      ]);
      return { pod: podText(pod), uid, state, node, nodeState };
    }),
  );
  return { pods, notes };
}

async function podState(
  api: KubeApi,
  { uid, pod: { namespace, name } }: Holder,
  signal: AbortSignal,
): Promise<PodStateWord> {
  if (namespace === '' || name === '') return 'unknown';
  const path = resourcePath(kubeResources.pods, { namespace, name });
  const pod = await readObject(api, path, parsePodView, { what: `pod ${namespace}/${name}`, signal });
  if (pod === undefined) return 'gone';
  if (!isPodUid(pod, uid)) return 'replaced';
  if (pod.deleting) return 'ending';
  return isFinished(pod) ? 'finished' : 'living';
}

async function nodeStateOf(api: KubeApi, name: string, signal: AbortSignal): Promise<NodeStateWord> {
  if (name === '') return 'unknown';
  const path = resourcePath(kubeResources.nodes, { name });
  const node = await readObject(api, path, parseNodeView, { what: `node ${name}`, signal });
  if (node === undefined) return 'gone';
  if (node.isOutOfService) return 'out-of-service';
  return node.isReady ? 'ready' : 'not-ready';
}
