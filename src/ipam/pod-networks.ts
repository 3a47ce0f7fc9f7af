import { multusAnnotations } from '../api/names.ts';
import { CniError } from '../cni/error.ts';
import type { AnnotationKind } from './annotation.ts';
import type { ClusterFacts } from './facts.ts';
import { orCniError } from './or-cni-error.ts';
import { type NetworkSelection, parseNetworkSelection } from './parse-network-selection.ts';

/** The NIC that the container runtime makes; all others come from Multus. */
export const firstNic = 'eth0';

const defaultNetworkKind: AnnotationKind = {
  title: `pod annotation ${multusAnnotations.defaultNetwork}`,
  example: 'kube-system/macvlan-a',
};
const clusterNetworkKind: AnnotationKind = {
  title: 'MULTUS_CLUSTER_NETWORK of the agent',
  example: 'kube-system/macvlan-a',
};
const networksKind: AnnotationKind = {
  title: `pod annotation ${multusAnnotations.networks}`,
  example: 'kube-system/macvlan-a,kube-system/macvlan-b@net2',
};

/** The Multus networks of a pod. What can't be read stands there as the error that says so. */
export interface PodNetworks {
  /** Network of the first NIC; undefined when neither the pod nor the configuration names it. */
  readonly first: NetworkSelection | CniError | undefined;
  /** Networks of the further NICs, in the order of the annotation; empty without one. */
  readonly further: readonly NetworkSelection[] | CniError;
}

/** Reads the networks of a pod from its annotations and, for the first NIC, from the configuration. */
export function readPodNetworks({
  pod,
  namespace,
  multus,
}: Pick<ClusterFacts, 'pod' | 'namespace' | 'multus'>): PodNetworks {
  const further = given(pod?.annotations?.[multusAnnotations.networks]);
  const own = given(pod?.annotations?.[multusAnnotations.defaultNetwork]);
  const first = own ?? given(multus?.clusterNetwork);
  const kind = own === undefined ? clusterNetworkKind : defaultNetworkKind;
  const firsts = first === undefined ? [] : read(kind, first, multus?.agentNamespace ?? '');
  return {
    first: firsts instanceof CniError ? firsts : firsts[0],
    further: further === undefined ? [] : read(networksKind, further, namespace?.name ?? ''),
  };
}

/** The network of a NIC: an error where it can't be read, undefined where the pod has none for this NIC. */
export function networkOfNic(networks: PodNetworks, nic: string): NetworkSelection | CniError | undefined {
  if (nic === firstNic) return networks.first;
  if (networks.further instanceof CniError) return networks.further;
  return networks.further.find((network, index) => furtherNic(network, index) === nic);
}

/** The name of a further NIC: what its network asks for, else `net1`, `net2`, … by its place in the annotation (from 0). */
export function furtherNic(network: NetworkSelection | undefined, index: number): string {
  return network?.nic ?? `net${index + 1}`;
}

/** Multus takes an empty annotation as none, and an unset variable is empty. */
function given(text: string | undefined): string | undefined {
  return text?.trim() === '' ? undefined : text;
}

function read(
  kind: AnnotationKind,
  text: string,
  defaultNamespace: string,
): readonly NetworkSelection[] | CniError {
  return orCniError(() => parseNetworkSelection(kind, text, defaultNamespace));
}
