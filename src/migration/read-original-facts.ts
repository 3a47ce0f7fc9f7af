import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseEndpoint, type SpiderEndpoint } from '../api/endpoint.ts';
import { multusAnnotations } from '../api/names.ts';
import { isFinished, type PodView, parsePodView } from '../cluster/kubernetes/pod-view.ts';
import { podOfSet, staticKinds } from '../cluster/kubernetes/static-owner.ts';
import { CniError } from '../cni/error.ts';
import { furtherNic, readPodNetworks } from '../ipam/pod-networks.ts';
import type { KubeApi } from '../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../kube/resource-path.ts';
import type { StaticOwner } from '../ledger/record.ts';
import { listPages } from './list-pages.ts';
import type { LivePod, OriginalEndpoint } from './original-facts.ts';

/** Pods and endpoints in a page: some 5 MB of large pods. */
const pageLimit = 500;

/** All SpiderEndpoints, by `namespace/name`. What can't be read is as good as none. @throws KubeError, or the signal's reason */
export async function readEndpoints(
  api: KubeApi,
  signal: AbortSignal,
): Promise<Map<string, OriginalEndpoint>> {
  const found = new Map<string, OriginalEndpoint>();
  const path = resourcePath(kubeResources.endpoints);
  for await (const items of listPages(api, { path, limit: pageLimit, signal })) {
    for (const item of items) {
      const endpoint = parseEndpoint(item);
      const parsed = originalEndpoint(endpoint);
      if (parsed) found.set(`${endpoint.metadata.namespace}/${endpoint.metadata.name}`, parsed);
    }
    await nextTurn();
  }
  return found;
}

/** All pods that exist, by UID. @throws KubeError, or the signal's reason */
export async function readPods(api: KubeApi, signal: AbortSignal): Promise<Map<string, LivePod>> {
  const found = new Map<string, LivePod>();
  const path = resourcePath(kubeResources.pods);
  for await (const items of listPages(api, { path, limit: pageLimit, signal })) {
    for (const item of items) {
      const { pod, runtimeUid } = livePod(item);
      found.set(pod.uid, pod);
      if (runtimeUid !== undefined) found.set(runtimeUid, pod);
    }
    await nextTurn();
  }
  return found;
}

/** What the import needs of an endpoint; undefined when it has no status. */
export function originalEndpoint({ metadata, status }: SpiderEndpoint): OriginalEndpoint | undefined {
  if (status === undefined) return undefined;
  const { uid, node, ips } = status.current;
  const nics = ips.map((detail) => ({
    nic: detail.interface,
    addresses: [detail.ipv4, detail.ipv6].flatMap((text) => (text === undefined ? [] : text.split('/', 1))),
  }));
  return { uid, node, nics, owner: ownerOf({ metadata, status }) };
}

/** The original gives the endpoints of workloads that keep their addresses no reference to a pod, and all others one. */
function ownerOf({
  metadata: { namespace, name, ownerReferences },
  status,
}: Pick<SpiderEndpoint, 'metadata' | 'status'>): StaticOwner | undefined {
  const kind = status?.ownerControllerType;
  if (ownerReferences?.some((owner) => owner.kind === 'Pod') ?? false) return undefined;
  const isOfSet = kind === staticKinds.statefulSet && podOfSet(name) !== undefined;
  if (!isOfSet && kind !== staticKinds.virtualMachineInstance) return undefined;
  return { kind, namespace, name };
}

function livePod(object: unknown): { readonly pod: LivePod; readonly runtimeUid: string | undefined } {
  const view = parsePodView(object);
  const { namespace, name, uid, nodeName = '', configHash, annotations, controller } = view;
  const hasNetworks = annotations[multusAnnotations.networks] !== undefined;
  const isMachine =
    controller?.kind === staticKinds.virtualMachineInstance &&
    controller.apiVersion.startsWith('kubevirt.io/');
  const pod: LivePod = {
    namespace,
    name,
    uid,
    node: nodeName,
    isFinished: isFinished(view),
    furtherNics: hasNetworks ? furtherNics(view) : undefined,
    ...(isMachine && { machine: controller.name }),
  };
  return { pod, runtimeUid: configHash };
}

function furtherNics(pod: PodView): readonly string[] | undefined {
  const { further } = readPodNetworks({
    pod: { name: pod.name, annotations: pod.annotations },
    namespace: { name: pod.namespace },
  });
  if (further instanceof CniError) return undefined;
  return further.map((network, index) => furtherNic(network, index));
}
