import * as z from 'zod';
import { podAnnotations } from '../../src/api/names.ts';
import { type PodView, parsePodView } from '../../src/cluster/kubernetes/pod-view.ts';
import { SharedReads } from '../../src/cluster/kubernetes/shared-reads.ts';
import { quoteText, sanitizeText } from '../../src/cni/sanitize-text.ts';
import { type KubeApi, KubeError } from '../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../src/kube/resource-path.ts';
import type { PodName } from '../../src/ledger/record.ts';
import { type CoordinatorConfigShape, coordinatorConfigSchema } from '../../src/wire/original-shapes.ts';

/** There is no configuration for the coordinator plugin, or none that is ready. The message tells which of both and what to do. */
export class CoordinatorConfigError extends Error {
  override readonly name = 'CoordinatorConfigError';
  readonly code = 'COORDINATOR_CONFIG';
}

/** A plugin asks once for each NIC, so a burst of pods asks often; a change of the object may take so long to be seen. */
const freshMs = 1_000;

/** The plugin waits for the answer. */
const retryForMs = 10_000;

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.unknown().optional(),
      status: z.unknown().optional(),
    }),
  ),
});

const statusSchema = z.object({
  phase: z.string().default(''),
  reason: z.string().default(''),
  overlayPodCIDR: z.array(z.string()).nullish(),
  serviceCIDR: z.array(z.string()).nullish(),
});

/** What stands in `spec`; the defaults are those of the original's CRD. */
const specSchema = coordinatorConfigSchema.omit({ overlayPodCIDR: true, serviceCIDR: true }).extend({
  mode: z.string().default('auto'),
  tunePodRoutes: z.boolean().default(true),
});

/** The phase of a SpiderCoordinator whose CIDRs are found. */
const readyPhase = 'Synced';

export interface CoordinatorConfigOptions {
  readonly api: KubeApi;
  /** A pod of this node as last heard of. */
  readonly pod: (namespace: string, name: string) => PodView | undefined;
}

/** Tells the configuration of the original's coordinator plugin, from the first SpiderCoordinator of the cluster. */
export class CoordinatorConfig {
  readonly #options: CoordinatorConfigOptions;
  /** One reading for all who ask within a moment. */
  readonly #reads = new SharedReads<CoordinatorConfigShape>({ keepMs: freshMs });

  constructor(options: CoordinatorConfigOptions) {
    this.#options = options;
  }

  /**
   * The configuration for a pod, whose annotation may name another NIC for the default route. A pod that is not there has none.
   *
   * @throws CoordinatorConfigError, KubeError when the API server can't be asked, or the signal's reason
   */
  async of(pod: PodName | undefined, signal: AbortSignal): Promise<CoordinatorConfigShape> {
    const config = await this.#reads.get('', signal, (shared) => this.#read(shared));
    const view = pod && (this.#options.pod(pod.namespace, pod.name) ?? (await this.#readPod(pod, signal)));
    const nic = view?.annotations[podAnnotations.defaultRouteNic];
    return nic === undefined ? config : { ...config, podDefaultRouteNIC: nic };
  }

  async #read(signal: AbortSignal): Promise<CoordinatorConfigShape> {
    const path = resourcePath(kubeResources.coordinators);
    const request = { method: 'GET', path, query: { limit: 1 }, retryForMs } as const;
    const answer = await orNone(this.#options.api.request({ ...request, signal }));
    const [coordinator] = answer === undefined ? [] : listSchema.parse(answer).items;
    if (coordinator === undefined) {
      throw new CoordinatorConfigError(
        'there is no SpiderCoordinator in this cluster: create one, or take the coordinator plugin out of the CNI configuration',
      );
    }
    const name = quoteText(coordinator.metadata.name);
    const status = statusSchema.safeParse(coordinator.status ?? {});
    const spec = specSchema.safeParse(withoutNulls(coordinator.spec));
    if (!status.success || !spec.success) {
      const [issue] = [...(spec.error?.issues ?? []), ...(status.error?.issues ?? [])];
      const where = issue?.path.join('.') ?? '';
      throw new CoordinatorConfigError(
        `SpiderCoordinator ${name} can not be read: ${where} ${issue?.message ?? ''}`,
      );
    }
    const { phase, reason, overlayPodCIDR, serviceCIDR } = status.data;
    if (phase !== readyPhase) {
      const why = reason === '' ? '' : ` (${sanitizeText(reason)})`;
      throw new CoordinatorConfigError(
        `SpiderCoordinator ${name} is not ready: its status.phase is ${quoteText(phase)}, not "${readyPhase}"${why}`,
      );
    }
    return { ...spec.data, overlayPodCIDR: overlayPodCIDR ?? [], serviceCIDR: serviceCIDR ?? [] };
  }

  async #readPod({ namespace, name }: PodName, signal: AbortSignal): Promise<PodView | undefined> {
    const path = resourcePath(kubeResources.pods, { namespace, name });
    const answer = await orNone(this.#options.api.request({ method: 'GET', path, signal, retryForMs }));
    return answer === undefined ? undefined : parsePodView(answer);
  }
}

/** The answer, or undefined where there is no such object or kind. */
async function orNone(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

/** Without the fields that are null, which for the API server means: not there. */
function withoutNulls(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return {};
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
}
