import type { StaticOwner } from '../../ledger/record.ts';
import type { PodView } from './pod-view.ts';

/** Kinds of static owners, as they stand in records. */
export const staticKinds = {
  statefulSet: 'StatefulSet',
  virtualMachineInstance: 'VirtualMachineInstance',
} as const;

/** Which workloads keep their addresses (`enableStatefulSet`, `enableKubevirtStaticIP`). */
export interface StaticWorkloads {
  readonly enableStatefulSet: boolean;
  readonly enableKubevirtStaticIP: boolean;
}

/** Name of a StatefulSet's pod: the set's name, and its ordinal. */
const podOfSetPattern = /^(.*)-([0-9]+)$/;

/**
 * What keeps the pod's addresses: the ordinal of its StatefulSet, which is the pod's name, or the KubeVirt machine that it
 * runs. A pod that names a set as its controller without being one of its ordinals has nothing to keep.
 */
export function staticOwnerOf(
  pod: Pick<PodView, 'namespace' | 'name' | 'controller'>,
  { enableStatefulSet, enableKubevirtStaticIP }: StaticWorkloads,
): (StaticOwner & { readonly takeover: 'move' | 'share' }) | undefined {
  const { namespace, name, controller } = pod;
  if (controller === undefined) return undefined;
  const { apiVersion, kind } = controller;
  if (enableStatefulSet && apiVersion === 'apps/v1' && kind === staticKinds.statefulSet) {
    if (podOfSet(name)?.set !== controller.name) return undefined;
    return { kind, namespace, name, takeover: 'move' };
  }
  const isVirt = apiVersion.startsWith('kubevirt.io/');
  if (enableKubevirtStaticIP && isVirt && kind === staticKinds.virtualMachineInstance) {
    return { kind, namespace, name: controller.name, takeover: 'share' };
  }
  return undefined;
}

/** A StatefulSet's pod by its name; undefined when no set names its pods so. */
export function podOfSet(name: string): { readonly set: string; readonly ordinal: bigint } | undefined {
  const [, set, ordinal] = podOfSetPattern.exec(name) ?? [];
  if (set === undefined || ordinal === undefined) return undefined;
  return { set, ordinal: BigInt(ordinal) };
}
