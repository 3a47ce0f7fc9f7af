import { isObject } from '../../api/decode.ts';
import { CniCode, CniError } from '../../cni/error.ts';
import { type KubeApi, KubeError } from '../../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { StaticOwner } from '../../ledger/record.ts';
import type { ClusterReadOptions } from '../cluster.ts';
import { type ObjectMetadata, parseMetadata } from './object-metadata.ts';
import { isNotFound, notReadable, readObject } from './read-object.ts';
import { SharedReads } from './shared-reads.ts';
import { hasOrdinal, type Ordinals, parseOrdinals } from './stateful-set.ts';
import { podOfSet, type StaticWorkloads, staticKinds } from './static-owner.ts';

/** How old the reading of an owner may be: its pods mostly end together. */
const keepMs = 1_000;

const virtGroup = 'kubevirt.io';

/** Tells whether static owners are still there to keep their addresses. */
export class Owners {
  readonly #api: KubeApi;
  readonly #workloads: StaticWorkloads;
  readonly #sets = new SharedReads<Ordinals | undefined>({ keepMs });
  readonly #machines = new SharedReads<ObjectMetadata | undefined>({ keepMs });

  constructor(api: KubeApi, workloads: StaticWorkloads) {
    this.#api = api;
    this.#workloads = workloads;
  }

  /**
   * Whether the owner keeps its addresses: its StatefulSet exists and wants its ordinal, its virtual machine exists and is not
   * being deleted. Nothing is kept for workloads that the configuration does not make static; an owner of a kind that is not
   * known here is left to who knows it.
   *
   * @throws CniError with code 11 when it can't be read now
   */
  isValid(owner: StaticOwner, { signal }: ClusterReadOptions = {}): Promise<boolean> {
    const { enableStatefulSet, enableKubevirtStaticIP } = this.#workloads;
    if (owner.kind === staticKinds.statefulSet) {
      return enableStatefulSet ? this.#isOrdinalWanted(owner, signal) : Promise.resolve(false);
    }
    if (owner.kind === staticKinds.virtualMachineInstance) {
      return enableKubevirtStaticIP ? this.#isMachineThere(owner, signal) : Promise.resolve(false);
    }
    return Promise.resolve(true);
  }

  async #isOrdinalWanted({ namespace, name }: StaticOwner, signal?: AbortSignal): Promise<boolean> {
    const pod = podOfSet(name);
    if (pod === undefined) return false;
    const target = { namespace, name: pod.set };
    const ordinals = await this.#sets.get(`${namespace}/${pod.set}`, signal, (shared) =>
      readObject(this.#api, resourcePath(kubeResources.statefulSets, target), parseOrdinals, {
        what: `StatefulSet ${namespace}/${pod.set}`,
        signal: shared,
      }),
    );
    return ordinals !== undefined && hasOrdinal(ordinals, pod.ordinal);
  }

  /** An instance that is gone or going may be one that its machine starts anew. */
  async #isMachineThere({ namespace, name }: StaticOwner, signal?: AbortSignal): Promise<boolean> {
    const instance = await this.#readMachine('virtualMachineInstances', namespace, name, signal);
    if (instance !== undefined && !instance.deleting) return true;
    const machineName = instance === undefined ? name : machineOf(instance);
    if (machineName === undefined) return false;
    const machine = await this.#readMachine('virtualMachines', namespace, machineName, signal);
    return machine !== undefined && !machine.deleting;
  }

  #readMachine(
    kind: 'virtualMachineInstances' | 'virtualMachines',
    namespace: string,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<ObjectMetadata | undefined> {
    const path = resourcePath(kubeResources[kind], { namespace, name });
    const what = `${kubeResources[kind].plural} ${namespace}/${name}`;
    return this.#machines.get(path, signal, async (shared) => {
      try {
        return parseMetadata(
          await this.#api.request({ method: 'GET', path, view: 'metadata', signal: shared }),
        );
      } catch (error) {
        if (isNotFound(error) || (isBare404(error) && !(await this.#hasVirt(shared)))) return undefined;
        throw notReadable(what, error);
      }
    });
  }

  /** Whether the cluster has KubeVirt at all: paths of a group that it has not are answered by a bare 404. */
  async #hasVirt(signal: AbortSignal): Promise<boolean> {
    try {
      return hasGroup(await this.#api.request({ method: 'GET', path: '/apis', signal }), virtGroup);
    } catch (error) {
      throw notReadable('the list of API groups', error);
    }
  }
}

/** Name of the virtual machine that keeps an instance. */
function machineOf({ controller }: ObjectMetadata): string | undefined {
  const isMachine =
    controller?.kind === 'VirtualMachine' && controller.apiVersion.startsWith(`${virtGroup}/`);
  return isMachine ? controller.name : undefined;
}

function isBare404(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

function hasGroup(list: unknown, name: string): boolean {
  const groups = isObject(list) ? list['groups'] : undefined;
  if (Array.isArray(groups)) {
    return groups.some((group: unknown) => isObject(group) && group['name'] === name);
  }
  throw new CniError(CniCode.tryAgainLater, "the API server's list of API groups can't be understood");
}
