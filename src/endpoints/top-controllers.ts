import { type ControllerReference, parseMetadata } from '../cluster/kubernetes/object-metadata.ts';
import type { PodView } from '../cluster/kubernetes/pod-view.ts';
import { type KubeApi, KubeError } from '../kube/kube-api.ts';
import { type KubeResource, kubeResources, resourcePath } from '../kube/resource-path.ts';

/** What a pod belongs to in the end. */
export interface TopController {
  readonly kind: string;
  readonly name: string;
}

/** Controllers that are remembered: those of a node's pods, and of many pods of before. */
const controllersMax = 1024;

/** Controllers that have a controller themselves: where they are found, and what theirs is. */
const middles = [
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    resource: kubeResources.replicaSets,
    top: { apiVersion: 'apps/v1', kind: 'Deployment' },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    resource: kubeResources.jobs,
    top: { apiVersion: 'batch/v1', kind: 'CronJob' },
  },
] as const;

/**
 * Tells what pods belong to: the Deployment of a ReplicaSet, the CronJob of a Job, any other controller as it is, and a pod without
 * one itself. A ReplicaSet or Job that is gone or may not be read stands for itself.
 */
export class TopControllers {
  readonly #api: KubeApi;
  /** By UID, the one that was asked for last at the end. */
  readonly #known = new Map<string, TopController>();

  constructor(api: KubeApi) {
    this.#api = api;
  }

  /** @throws KubeError when it can't be read now, or the signal's reason */
  async of({ namespace, name, controller }: PodView, signal: AbortSignal): Promise<TopController> {
    if (controller === undefined) return { kind: 'Pod', name };
    const middle = middles.find(
      ({ apiVersion, kind }) => controller.apiVersion === apiVersion && controller.kind === kind,
    );
    if (middle === undefined) return { kind: controller.kind, name: controller.name };
    const known =
      this.#known.get(controller.uid) ??
      (await this.#read({ ...middle, namespace }, controller, signal)) ??
      controller;
    this.#remember(controller.uid, { kind: known.kind, name: known.name });
    return { kind: known.kind, name: known.name };
  }

  async #read(
    { resource, top, namespace }: { resource: KubeResource; top: Partial<TopOwner>; namespace: string },
    { name, uid }: ControllerReference,
    signal: AbortSignal,
  ): Promise<TopController | undefined> {
    try {
      const path = resourcePath(resource, { namespace, name });
      const middle = parseMetadata(
        await this.#api.request({ method: 'GET', path, view: 'metadata', signal }),
      );
      const owner = middle.uid === uid ? middle.controller : undefined;
      return owner?.apiVersion === top.apiVersion && owner?.kind === top.kind ? owner : undefined;
    } catch (error) {
      if (error instanceof KubeError && (error.status === 404 || error.status === 403)) return undefined;
      throw error;
    }
  }

  #remember(uid: string, controller: TopController): void {
    this.#known.delete(uid);
    this.#known.set(uid, controller);
    for (const [oldest] of this.#known) {
      if (this.#known.size <= controllersMax) return;
      this.#known.delete(oldest);
    }
  }
}

type TopOwner = Pick<ControllerReference, 'apiVersion' | 'kind'>;
